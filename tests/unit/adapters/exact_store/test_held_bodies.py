"""What a process holds of the items that it has read."""

from llm_cache_proxy.adapters.exact_store.redis.held_bodies import HeldBodies, HeldBody, stamps

STAMP, OTHER = "0" * 16, "1" * 16


def test_what_was_read_last_is_held_under_its_stamp() -> None:
    bodies = HeldBodies()

    bodies.hold("a", STAMP, "before")
    bodies.hold("a", OTHER, "after")

    assert bodies.of(["a", "b"]) == [HeldBody(OTHER, "after"), None]
    assert stamps(bodies.of(["a", "b"])) == OTHER + "-" * 16


def test_what_was_used_longest_ago_goes_first() -> None:
    bodies = HeldBodies(most_characters=20)
    for record in "ab":
        bodies.hold(record, STAMP, "x" * 10)

    bodies.of(["a"])
    bodies.hold("c", STAMP, "x" * 10)

    assert [one is not None for one in bodies.of(["a", "b", "c"])] == [True, False, True]


def test_a_body_beyond_all_bounds_is_not_held_and_nothing_else() -> None:
    bodies = HeldBodies(most_characters=20)

    bodies.hold("a", STAMP, "x" * 21)
    bodies.hold("b", STAMP, "x" * 20)

    assert bodies.of(["a", "b"]) == [None, HeldBody(STAMP, "x" * 20)]


def test_a_write_without_a_stamp_is_not_held_and_ends_what_was() -> None:
    bodies = HeldBodies()
    bodies.hold("a", STAMP, "body")

    bodies.hold("a", "-", "another")

    assert bodies.of(["a"]) == [None]


def test_what_is_dropped_makes_room() -> None:
    bodies = HeldBodies(most_characters=10)
    bodies.hold("a", STAMP, "x" * 10)

    bodies.drop("a")
    bodies.drop("a")
    bodies.hold("b", STAMP, "x" * 10)

    assert bodies.of(["b"]) == [HeldBody(STAMP, "x" * 10)]
