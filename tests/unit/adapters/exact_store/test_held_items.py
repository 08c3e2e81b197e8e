"""What a process holds of the items that it has read."""

from llm_cache_proxy.adapters.exact_store.redis.held_items import HeldItem, HeldItems, stamps
from llm_cache_proxy.ports.exact_store.items import ItemHit

STAMP, OTHER = "0" * 16, "1" * 16


def a_hit(vector: str) -> ItemHit:
    return ItemHit("{", vector, "id", 0, 60, "m", 1)


def test_what_was_read_last_is_held_under_its_stamp() -> None:
    items = HeldItems()

    items.hold("a", STAMP, a_hit("before"))
    items.hold("a", OTHER, a_hit("after"))

    assert items.of(["a", "b"]) == [HeldItem(OTHER, a_hit("after")), None]
    assert stamps(items.of(["a", "b"])) == OTHER + "-" * 16


def test_what_was_used_longest_ago_goes_first() -> None:
    items = HeldItems(most_characters=20)
    for record in "ab":
        items.hold(record, STAMP, a_hit("x" * 10))

    items.of(["a"])
    items.hold("c", STAMP, a_hit("x" * 10))

    assert [one is not None for one in items.of(["a", "b", "c"])] == [True, False, True]


def test_an_item_beyond_all_bounds_is_not_held_and_nothing_else() -> None:
    items = HeldItems(most_characters=20)

    items.hold("a", STAMP, a_hit("x" * 21))
    items.hold("b", STAMP, a_hit("x" * 20))

    assert items.of(["a", "b"]) == [None, HeldItem(STAMP, a_hit("x" * 20))]


def test_a_write_without_a_stamp_is_not_held_and_ends_what_was() -> None:
    items = HeldItems()
    items.hold("a", STAMP, a_hit("body"))

    items.hold("a", "-", a_hit("another"))

    assert items.of(["a"]) == [None]


def test_what_is_dropped_makes_room() -> None:
    items = HeldItems(most_characters=10)
    items.hold("a", STAMP, a_hit("x" * 10))

    items.drop("a")
    items.drop("a")
    items.hold("b", STAMP, a_hit("x" * 10))

    assert items.of(["b"]) == [HeldItem(STAMP, a_hit("x" * 10))]
