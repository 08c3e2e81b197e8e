"""Every command that the docs show works against a local server, as it stands.

In a shell that has nothing but what README says to do: the checkout, and its environment activated.
"""

import os
import shlex
import signal
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest
from infra.sam_local.services import free_port

from servers.proxy.process import ProxyProcess, proxy_process
from tour.blocks import ROOT, Block, blocks

SHOWN_ADDRESS = "http://127.0.0.1:3000"
EVERY = tuple(blocks())
ACTIVATE = ". .venv/bin/activate"
"""What README says to do before what stands below it."""

_PATH = "/usr/local/bin:/usr/bin:/bin"
_MACHINE = ("PIP_", "SSL_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy", "LANG")
"""How this machine reaches package indexes; nothing of the checkout or of the tests."""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    with proxy_process(tmp_path_factory.mktemp("tour") / "data") as running:
        yield running


def places(block: Block) -> str:
    return block.place


def environment(home: Path) -> dict[str, str]:
    """What every machine has, in an empty home."""
    machine = {name: each for name, each in os.environ.items() if name.startswith(_MACHINE)}
    return {**machine, "PATH": _PATH, "HOME": str(home), "TMPDIR": str(home)}


RUN = [block for block in EVERY if not block.reason and not block.serves]
SERVING = [block for block in EVERY if block.serves]


@pytest.mark.parametrize("block", RUN, ids=places)
def test_a_command_of_the_docs_works(block: Block, proxy: ProxyProcess, tmp_path: Path) -> None:
    text = block.text.replace(SHOWN_ADDRESS, proxy.url)
    if block.language == "python":
        text = f"python -c {shlex.quote(text)}"

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{ACTIVATE}\n{text}"],
        cwd=ROOT,
        # The docs show commands that find the server at its own port; here it is at another.
        env={**environment(tmp_path), "LLM_CACHE_PROXY_URL": proxy.url},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("block", SERVING, ids=places)
def test_a_command_of_the_docs_serves(block: Block, tmp_path: Path) -> None:
    port = free_port("127.0.0.1")
    settings = {"PORT": str(port), "DATA_DIR": str(tmp_path / "data")}  # others use its own
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=ROOT,
        env={**environment(tmp_path), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            assert running.stdout is not None
            said = list(lines_until(running.stdout, "LLM Cache Proxy serves"))
            answer = httpx.get(f"http://127.0.0.1:{port}/health", timeout=30)
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.communicate(timeout=60)

    assert answer.json()["status"] == "ok", said


def lines_until(lines: Iterable[str], wanted: str) -> Iterator[str]:
    """The lines until one has what is wanted; fails where none has."""
    said = []
    for line in lines:
        said.append(line)
        yield line
        if wanted in line:
            return
    raise AssertionError("".join(said))


def test_the_readme_says_how_to_start_it_first() -> None:
    assert SERVING[0].place.startswith("README.md")
    assert EVERY[0] is SERVING[0]


def test_the_readme_says_how_to_run_what_stands_in_it() -> None:
    shown = [block.text for block in EVERY if block.place.startswith("README.md")]

    assert f"{ACTIVATE}\n" in shown


@pytest.mark.parametrize("block", [block for block in EVERY if block.reason], ids=places)
def test_a_command_that_is_not_run_says_why(block: Block) -> None:
    assert len(block.reason) > 10
