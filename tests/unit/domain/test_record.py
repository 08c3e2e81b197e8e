"""What a record has of a frozen dataclass."""

from dataclasses import replace

from llm_cache_proxy.domain.record import record


@record()
class Place:
    """A name, and how high it lies."""

    name: str
    metres: int = 0


def test_records_are_compared_hashed_and_replaced_by_their_fields() -> None:
    place = Place("Quito", 2_850)

    assert {place, replace(Place("Quito"), metres=2_850)} == {place}
    assert place != Place("Quito")


def test_a_record_has_no_further_fields() -> None:
    assert not hasattr(Place("Quito"), "__dict__")


def test_a_change_of_a_field_is_refused_by_the_type_checker_alone() -> None:
    place = Place("Quito")

    # mypy refuses an `ignore` that nothing needs: without the rule `make check` fails here.
    place.metres = 2_850  # type: ignore[misc]

    assert place == Place("Quito", 2_850)
