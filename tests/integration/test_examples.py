"""Each example runs against the local server without a key and shows what it says it shows."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.proxy_process import ProxyProcess, proxy_process

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    with proxy_process(tmp_path_factory.mktemp("examples") / "data") as running:
        yield running


def told(proxy: ProxyProcess, name: str) -> str:
    """What the example prints."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name],
        env={**os.environ, "BASE_URL": proxy.base_url, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tiers_answer_in_the_order_that_the_readme_tells(proxy: ProxyProcess) -> None:
    lines = told(proxy, "tiers.py").splitlines()

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
