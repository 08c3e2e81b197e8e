"""What a process holds of the items that it has read."""

import tracemalloc

import pytest

from llm_cache_proxy.adapters.exact_store.redis.held_items import HeldItem, HeldItems, stamps
from llm_cache_proxy.ports.exact_store.items import ItemHit

STAMP, OTHER = "0" * 16, "1" * 16


def a_hit(vector: str) -> ItemHit:
    return ItemHit("{", vector.encode(), "id", 0, 60, "m", 1)


def test_what_was_read_last_is_held_under_its_stamp() -> None:
    items = HeldItems()

    items.hold("a", STAMP, a_hit("before"))
    items.hold("a", OTHER, a_hit("after"))

    assert items.of(["a", "b"]) == [HeldItem(OTHER, a_hit("after")), None]
    assert stamps(items.of(["a", "b"])) == OTHER + "-" * 16


def test_what_was_used_longest_ago_goes_first() -> None:
    items = HeldItems(most_bytes=20_000)
    for record in "ab":
        items.hold(record, STAMP, a_hit("x" * 8_000))

    items.of(["a"])
    items.hold("c", STAMP, a_hit("x" * 8_000))

    assert [one is not None for one in items.of(["a", "b", "c"])] == [True, False, True]


def test_an_item_beyond_all_bounds_is_not_held_and_nothing_else() -> None:
    items = HeldItems(most_bytes=10_000)

    items.hold("a", STAMP, a_hit("x" * 10_001))
    items.hold("b", STAMP, a_hit("x" * 8_000))

    assert items.of(["a", "b"]) == [None, HeldItem(STAMP, a_hit("x" * 8_000))]


def test_a_write_without_a_stamp_is_not_held_and_ends_what_was() -> None:
    items = HeldItems()
    items.hold("a", STAMP, a_hit("body"))

    items.hold("a", "-", a_hit("another"))

    assert items.of(["a"]) == [None]


def test_what_is_dropped_makes_room() -> None:
    items = HeldItems(most_bytes=10_000)
    items.hold("a", STAMP, a_hit("x" * 8_000))

    items.drop("a")
    items.drop("a")
    items.hold("b", STAMP, a_hit("x" * 8_000))

    assert items.of(["b"]) == [HeldItem(STAMP, a_hit("x" * 8_000))]


@pytest.mark.parametrize(
    ("frame", "vector"),
    [
        ("{" * 60, "x" * 2_000),
        ("{" * 60, "x" * 40),
        ("{" * 2_000, "x"),
        ("\N{GRINNING FACE}" * 500, "x"),
    ],
)
def test_the_bound_is_one_of_memory_whatever_the_items_are_made_of(frame: str, vector: str) -> None:
    items = HeldItems(most_bytes=400_000)

    tracemalloc.start()
    try:
        for number in range(1_000):
            name, hit = an_item(number, frame, vector)
            items.hold(name, f"{number:016}", hit)
        taken_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken_bytes < 1.1 * 400_000


def an_item(number: int, frame: str, vector: str) -> tuple[str, ItemHit]:
    """A record's name and its item, as they come from a server: no two share a string."""
    name, entry_id, model = (f"{number:0{length}}" for length in (80, 32, 24))
    created_at = 1_700_000_000 + number
    hit = ItemHit(
        f"{frame}{number}",
        f"{vector}{number}".encode(),
        entry_id,
        created_at,
        created_at + 60,
        model,
        1_000,
    )
    return name, hit
