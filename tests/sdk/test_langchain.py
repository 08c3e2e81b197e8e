"""LangChain's standard tests give the same results straight, through misses, and through hits."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sdk.conftest import Stand
from servers.proxy.process import proxy_process
from servers.requirements import require_tool
from servers.upstream.demo_answers import demo_answer
from servers.upstream.scripted import ScriptedUpstream

MODULE = Path(__file__).parents[1] / "samples" / "langchain_standard.py"

pytestmark = pytest.mark.timeout(1200)  # the packages are installed by the first test

LOOPS = (
    "asyncio_mode=auto",
    "asyncio_default_test_loop_scope=session",
    "asyncio_default_fixture_loop_scope=session",
)

NEED_A_MIND = {
    f"{suite}::{test}"
    for suite in ("TestChatCompletions", "TestResponses")
    for test in (
        "test_agent_loop[model0]",
        "test_agent_loop[model1]",
        "test_json_mode",
        "test_tool_calling[model0]",
        "test_tool_calling[model1]",
        "test_tool_calling_async",
        "test_unicode_tool_call_integration",
    )
}
"""Fail against any scripted upstream: arguments of a tool have to be found in the prompt, a tool
has to be called unforced, or keys that only the prompt names have to be in the JSON."""


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ScriptedUpstream(demo_answer).in_thread() as upstream:
        data = tmp_path_factory.mktemp("langchain") / "data"
        with proxy_process(data, UPSTREAM_BASE_URL=upstream.base_url) as proxy:
            yield Stand(upstream, proxy.base_url)


def results(base_url: str, report: Path) -> dict[str, str]:
    """What became of each test: passed, failed or skipped."""
    python = require_tool("langchain") / "bin" / "python"
    options = [
        "-q",
        "--noconftest",
        "-c",
        os.devnull,
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(report.parent),
    ]
    for setting in LOOPS:
        options += ["-o", setting]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [python, "-m", "pytest", *options, f"--junitxml={report}", MODULE],
        env={**kept, "BASE_URL": base_url, "NAMESPACE": "standard"},
        cwd=report.parent,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert report.is_file(), done.stdout + done.stderr
    found = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own run's report
        kinds = {child.tag for child in case}
        became = "skipped" if "skipped" in kinds else "failed" if kinds else "passed"
        found[f"{case.get('classname', '').rsplit('.', 1)[-1]}::{case.get('name')}"] = became
    return found


@pytest.fixture(scope="module")
def runs(standard: Stand, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Straight, then through the proxy with an empty cache, then with a full one."""
    folder = tmp_path_factory.mktemp("reports")
    addresses = (standard.direct, standard.proxied, standard.proxied)
    return [results(address, folder / f"{at}.xml") for at, address in enumerate(addresses)]


def test_the_results_are_the_same_straight_and_through_the_proxy(
    runs: list[dict[str, str]],
) -> None:
    direct, miss, hit = runs

    assert miss == direct
    assert hit == direct


def test_what_needs_a_mind_is_all_that_fails(runs: list[dict[str, str]]) -> None:
    failed = {name for name, became in runs[0].items() if became == "failed"}

    assert failed == NEED_A_MIND
    assert sum(became == "passed" for became in runs[0].values()) >= 40
