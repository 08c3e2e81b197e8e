"""What holds for every test: no example has a deadline, and nothing that is logged is secret."""

from collections.abc import Generator

import pytest
from hypothesis import settings

from servers.secrecy import IN_PROCESS, found_in

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


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
