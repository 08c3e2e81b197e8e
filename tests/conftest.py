"""What holds for every test: no example is timed, and nothing that is logged is secret."""

import asyncio
import os
import ssl
import sys
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path
from typing import Any

import certifi
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from servers.secrecy import IN_PROCESS, found_in

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Give this process an event loop that is closed: none is made in passing, and left open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    config.add_cleanup(loop.close)
    patched = pytest.MonkeyPatch()
    patched.setattr(ssl, "create_default_context", trust_read_once())
    config.add_cleanup(patched.undo)


def trust_read_once() -> Callable[..., ssl.SSLContext]:
    """A `create_default_context` that reads this machine's list of authorities once.

    Every client of httpx reads it, in 25 ms of CPU, and tests make thousands that never use TLS.
    The product's own contexts are its own: which are shared is a fact about it.
    """
    authorities = os.environ.get("SSL_CERT_FILE") or certifi.where()
    create = ssl.create_default_context
    once = cache(lambda: create(cafile=authorities))

    def created(*purpose: ssl.Purpose, **files: Any) -> ssl.SSLContext:
        asks_httpx = sys._getframe(2).f_globals.get("__name__", "")
        is_ours = asks_httpx.startswith("llm_cache_proxy.")
        if files == {"cafile": authorities} and not (purpose or is_ours):
            return once()
        return create(*purpose, **files)

    return created


BUILD_THE_STACK = ("tests/docker/test_compose.py", "tests/docker/test_sam_local.py")
BEGUN_FIRST = (
    "docker/test_compose.py",
    "docker/test_sam_local.py",
    "integration/cloud/guided/",
    "integration/functions/test_adapter_contract.py",
    "docker/",
    "integration/install/",
    "integration/cloud/test_template_checks.py",
    "sdk/test_langchain.py",
    "integration/cloud/test_check_cloud.py",
    "integration/cloud/test_ministack.py",
    "integration/server/test_description_fuzzing.py",
    "tour/",
    "integration/server/test_workers.py",
    "resilience/test_stored_behind.py",
    "integration/cli/test_verified_accuracy.py",
    "integration/metrics/",
    "sdk/",
    "fuzz/",
    "attacks/",
    "integration/cloud/",
    "integration/functions/",
    "resilience/",
    "browser/",
    "integration/cache/",
    "integration/client_keys/",
)
"""What takes longest, and what waits for downloads.

Begun last, a file of these would keep one worker busy while others idle.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the order inside a file stays."""
    root = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(root).as_posix()
        known = [at for at, start in enumerate(BEGUN_FIRST) if path.startswith(start)]
        return min(known, default=len(BEGUN_FIRST))

    items.sort(key=place)


class ByFileOrStack(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """A worker for each file, and a single one for those that build the stack under Docker.

    They build the same functions and images: the second finds what the first has built.
    """

    def _split_scope(self, nodeid: str) -> str:
        builds = nodeid.startswith(BUILD_THE_STACK)
        return "tests/docker" if builds else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFileOrStack | None:
    """What `make test` distributes by; other kinds are xdist's own."""
    return ByFileOrStack(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test during which a secret was printed or logged."""
    report = yield
    said = "".join(text for _, text in report.sections)
    found = found_in(said, set(IN_PROCESS))
    if report.passed and found:
        report.outcome = "failed"
        report.longrepr = f"a secret was printed or logged: {found}"
    return report
