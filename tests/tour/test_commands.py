"""Every command that the docs show works against a local server, as it stands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.proxy.process import ProxyProcess, proxy_process
from tour.blocks import ROOT, Block, blocks

SHOWN_ADDRESS = "http://127.0.0.1:3000"
EVERY = tuple(blocks())


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    with proxy_process(tmp_path_factory.mktemp("tour") / "data") as running:
        yield running


def places(block: Block) -> str:
    return block.place


@pytest.mark.parametrize("block", [block for block in EVERY if not block.reason], ids=places)
def test_a_command_of_the_docs_works(block: Block, proxy: ProxyProcess, tmp_path: Path) -> None:
    text = block.text.replace(SHOWN_ADDRESS, proxy.url)
    starter = (
        ["bash", "-euo", "pipefail", "-c"] if block.language == "sh" else [sys.executable, "-c"]
    )
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BASE_URL": proxy.base_url,
        "URL": proxy.url,
        "LLM_CACHE_PROXY_URL": proxy.url,
        "TMPDIR": str(tmp_path),
    }

    done = subprocess.run(
        [*starter, text], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("block", [block for block in EVERY if block.reason], ids=places)
def test_a_command_that_is_not_run_says_why(block: Block) -> None:
    assert len(block.reason) > 10
