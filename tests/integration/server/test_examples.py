"""Each example runs against the local server without a key and shows what it says it shows."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.proxy.process import ProxyProcess, proxy_process
from servers.requirements import require_tool

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    with proxy_process(tmp_path_factory.mktemp("examples") / "data") as running:
        yield running


def output_of(proxy: ProxyProcess, name: str, python: str | Path = sys.executable) -> str:
    """What the example prints."""
    done = subprocess.run(
        [python, EXAMPLES / name],
        env={**os.environ, "BASE_URL": proxy.base_url, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tiers_answer_in_the_order_that_the_readme_gives(proxy: ProxyProcess) -> None:
    lines = output_of(proxy, "tiers.py").splitlines()

    results = [
        result
        for line in lines
        for result in ("HIT-EXACT", "HIT-SEMANTIC", "MISS", "BYPASS")
        if f" {result} " in line
    ]
    assert results == [
        "MISS",
        "HIT-EXACT",
        "HIT-EXACT",
        "HIT-SEMANTIC",
        "HIT-EXACT",
        "MISS",
        "BYPASS",
        "HIT-EXACT",
    ]


def test_a_stream_is_passed_on_and_then_replayed(proxy: ProxyProcess) -> None:
    printed = output_of(proxy, "streaming.py")

    assert printed.index("MISS: first piece") < printed.index("HIT-EXACT: first piece")
    assert printed.count("35 tokens") == 2


def test_the_second_run_of_an_agent_is_all_hits(proxy: ProxyProcess) -> None:
    first, second = output_of(proxy, "agent.py").split("run 2")

    assert first.count("MISS") == 2
    assert second.count("HIT-EXACT") == 2
    assert "calls 1 tool" in second


def test_a_batch_reports_what_it_saved(proxy: ProxyProcess) -> None:
    printed = output_of(proxy, "batch.py")

    assert "HIT-SEMANTIC" in printed
    assert "4 of 8 answers were not paid for" in printed


@pytest.mark.timeout(1200)  # the packages may have to be installed first
def test_langchain_hits_in_both_tiers(proxy: ProxyProcess) -> None:
    printed = output_of(proxy, "langchain_chat.py", require_tool("langchain") / "bin" / "python")

    assert [line.split()[0] for line in printed.splitlines()] == [
        "MISS",
        "HIT-EXACT",
        "HIT-SEMANTIC",
    ]


def test_the_notebook_plots_what_a_cache_would_have_saved(proxy: ProxyProcess) -> None:
    notebook = json.loads((EXAMPLES / "replay.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    script = "import matplotlib; matplotlib.use('Agg')\n" + "\n".join(cells)

    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "BASE_URL": proxy.base_url},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    hits = int(done.stdout.split(" of 60 requests hit")[0])
    assert 40 < hits < 60
