"""How many cores a process may keep busy, by its container's share of the processor."""

from pathlib import Path

import pytest

from llm_cache_proxy.bootstrap.local.cores import usable_cores

V2, QUOTA, PERIOD = "cpu.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"


def cores_under(folder: Path, files: dict[str, str]) -> int:
    """The cores where the kernel shows these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="ascii")
    return usable_cores(folder)


@pytest.mark.parametrize(
    "files",
    [
        {V2: "100000 100000\n"},
        {V2: "50000 100000\n"},
        {V2: "150000 100000\n"},
        {QUOTA: "100000\n", PERIOD: "100000\n"},
    ],
)
def test_a_container_with_a_share_below_two_cores_has_one(
    files: dict[str, str], tmp_path: Path
) -> None:
    assert cores_under(tmp_path, files) == 1


@pytest.mark.parametrize(
    "files",
    [
        {V2: "max 100000\n"},
        {V2: "999900000 100000\n"},
        {V2: "100000 0\n"},
        {V2: "\n"},
        {QUOTA: "-1\n", PERIOD: "100000\n"},
        {QUOTA: "100000\n"},
    ],
)
def test_without_a_limit_that_can_be_read_it_has_those_it_may_run_on(
    files: dict[str, str], tmp_path: Path
) -> None:
    assert cores_under(tmp_path / "limited", {}) == cores_under(tmp_path, files)
