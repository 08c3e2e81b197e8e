"""Every command that the docs show works against a local server, as it stands.

In a shell that has nothing but what README says to do: the checkout, and its environment activated.
"""

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("block", [block for block in EVERY if not block.reason], ids=places)
def test_a_command_of_the_docs_works(block: Block, proxy: ProxyProcess, tmp_path: Path) -> None:
    text = block.text.replace(SHOWN_ADDRESS, proxy.url)
    if block.language == "python":
        text = f"python -c {shlex.quote(text)}"
    environment = {
        **{name: each for name, each in os.environ.items() if name.startswith(_MACHINE)},
        "PATH": _PATH,
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        # The docs show commands that find the server at its own port; here it is at another.
        "LLM_CACHE_PROXY_URL": proxy.url,
    }

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{ACTIVATE}\n{text}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_readme_says_how_to_run_what_stands_in_it() -> None:
    shown = [block.text for block in EVERY if block.place.startswith("README.md")]

    assert f"{ACTIVATE}\n" in shown


@pytest.mark.parametrize("block", [block for block in EVERY if block.reason], ids=places)
def test_a_command_that_is_not_run_says_why(block: Block) -> None:
    assert len(block.reason) > 10
