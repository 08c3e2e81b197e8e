"""How many cores a process may keep busy, by its container's share of the processor."""

from pathlib import Path

import pytest

from llm_cache_proxy.bootstrap.local.cores import usable_cores

V2, QUOTA, PERIOD = "cpu.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"


def cores_under(folder: Path, files: dict[str, str], memberships: str = "0::/\n") -> int:
    """The cores where the kernel shows these files, and this process in these groups."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="ascii")
    folder.mkdir(exist_ok=True)
    (folder / "memberships").write_text(memberships, encoding="utf-8")
    return usable_cores(folder, folder / "memberships")


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


ONE_CORE, FEW_CORES, NO_LIMIT = "100000 100000\n", "99900000 100000\n", "max 100000\n"
SERVICE = "0::/system.slice/proxy.service\n"
POD = "5:memory:/\n4:cpu,cpuacct:/kubepods/pod1/c1\n0::/\n"


@pytest.mark.parametrize(
    ("memberships", "files"),
    [
        (SERVICE, {"system.slice/proxy.service/cpu.max": ONE_CORE}),
        (
            SERVICE,
            {
                "system.slice/cpu.max": ONE_CORE,
                "system.slice/proxy.service/cpu.max": FEW_CORES,
            },
        ),
        (SERVICE, {"cpu.max": ONE_CORE, "system.slice/proxy.service/cpu.max": NO_LIMIT}),
        (SERVICE, {"unified/system.slice/cpu.max": ONE_CORE}),
        (
            POD,
            {
                "cpu/kubepods/pod1/cpu.cfs_quota_us": "100000\n",
                "cpu/kubepods/pod1/cpu.cfs_period_us": "100000\n",
                "cpu/kubepods/pod1/c1/cpu.cfs_quota_us": "-1\n",
                "cpu/kubepods/pod1/c1/cpu.cfs_period_us": "100000\n",
            },
        ),
        # A container of version 1 is told its path on the host, and sees its own group as the root.
        (POD, {QUOTA: "100000\n", PERIOD: "100000\n"}),
        ("0::/../../elsewhere\n", {V2: ONE_CORE}),
        ("nonsense", {V2: ONE_CORE}),
    ],
)
def test_the_least_share_of_all_groups_that_it_lies_in_counts(
    memberships: str, files: dict[str, str], tmp_path: Path
) -> None:
    assert cores_under(tmp_path, files, memberships) == 1


def test_a_group_that_it_does_not_lie_in_limits_nothing(tmp_path: Path) -> None:
    found = cores_under(tmp_path, {"system.slice/other.service/cpu.max": ONE_CORE}, SERVICE)

    assert found == cores_under(tmp_path / "limited", {})


def test_without_a_list_of_its_groups_the_root_counts(tmp_path: Path) -> None:
    (tmp_path / V2).write_text(ONE_CORE, encoding="ascii")

    assert usable_cores(tmp_path, tmp_path / "missing") == 1
