"""Facts about looking at how much of a disk is free."""

from pathlib import Path

from llm_cache_proxy.adapters.disk_space import DiskSpace


def test_enough_room_is_no_shortage(tmp_path: Path) -> None:
    assert DiskSpace(tmp_path, 100, free_bytes=lambda _: 100).shortage() is None


def test_a_shortage_says_where_how_much_is_free_and_how_much_is_kept(tmp_path: Path) -> None:
    space = DiskSpace(tmp_path, 200_000_000, free_bytes=lambda _: 150_000_000)

    found = space.shortage()

    assert found is not None
    assert str(tmp_path) in found
    assert "150 MB free" in found
    assert "200 MB are kept free (MIN_FREE_BYTES)" in found


def test_what_is_about_to_be_written_counts_as_gone(tmp_path: Path) -> None:
    space = DiskSpace(tmp_path, 100, free_bytes=lambda _: 150)

    assert space.shortage(50) is None
    assert space.shortage(51) is not None


def test_a_folder_that_is_yet_to_be_made_is_on_the_disk_of_the_one_above(tmp_path: Path) -> None:
    looked: list[Path] = []

    def free(path: Path) -> int:
        looked.append(path)
        return 0

    DiskSpace(tmp_path / "data" / "qdrant", 1, free_bytes=free).shortage()

    assert looked == [tmp_path]


def test_the_disk_is_looked_at_once_a_second(tmp_path: Path) -> None:
    free, now = [0], [0.0]
    space = DiskSpace(tmp_path, 1, free_bytes=lambda _: free[0], monotonic=lambda: now[0])
    assert space.shortage() is not None

    free[0] = 1
    at_once = space.shortage()
    now[0] = 1.0
    later = space.shortage()

    assert at_once is not None
    assert later is None


def test_the_disk_is_looked_at_anew_for_each_file(tmp_path: Path) -> None:
    free = [1_000]
    space = DiskSpace(tmp_path, 100, free_bytes=lambda _: free[0], monotonic=lambda: 0.0)
    assert space.shortage(600) is None

    free[0] -= 600

    assert space.shortage(600) is not None


def test_a_disk_that_cannot_be_looked_at_is_no_shortage(tmp_path: Path) -> None:
    def failing(_: Path) -> int:
        raise OSError("gone")

    assert DiskSpace(tmp_path, 1, free_bytes=failing).shortage() is None
