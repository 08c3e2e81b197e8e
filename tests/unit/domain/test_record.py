"""What a record has of a frozen dataclass."""

from dataclasses import dataclass, field, replace

import pytest

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


@dataclass(frozen=True, slots=True)
class PlainPlace:
    """The same as a dataclass."""

    name: str
    metres: int = 0


@record()
class Point(Place):
    """A place with something that says nothing of which it is."""

    note: str = field(default="", compare=False, repr=False)


@record()
class Anywhere:
    """No field at all."""


@record()
class Folded:
    """Equal whatever the case of its text."""

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Folded) and self.text.lower() == other.text.lower()

    def __hash__(self) -> int:
        return hash(self.text.lower())


@record()
class Alike:  # noqa: PLW1641 - it is given one
    """Equal to any other of its number; Python takes the hash of a class with an `__eq__`."""

    number: int
    note: str = field(default="", compare=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self.number == other.number


@dataclass(unsafe_hash=True)
class PlainAlike:  # noqa: PLW1641 - the same
    """The same as a dataclass."""

    number: int
    note: str = field(default="", compare=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlainAlike) and self.number == other.number


@record()
class Unhashed:
    """Kept out of sets by its own word."""

    number: int
    __hash__ = None  # type: ignore[assignment]


@record()
class Chain:
    """What may lead back to itself."""

    links: list["Chain"]


@dataclass(frozen=True, slots=True)
class PlainChain:
    """The same as a dataclass."""

    links: list["PlainChain"]


def test_a_record_with_its_own_equality_has_the_hash_of_its_fields_as_a_dataclass_has() -> None:
    assert len({PlainAlike(1, "one"), PlainAlike(1, "other")}) == 1

    assert len({Alike(1, "one"), Alike(1, "other")}) == 1


def test_a_record_that_says_that_it_has_no_hash_has_none() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Unhashed(1))


def test_a_record_that_holds_itself_says_so_as_a_dataclass_does() -> None:
    chain, plain = Chain([]), PlainChain([])
    chain.links.append(chain)
    plain.links.append(plain)

    assert repr(chain) == "Chain(links=[...])"
    assert repr(chain) == repr(plain).replace("PlainChain", "Chain")


def test_a_record_says_of_itself_what_a_dataclass_would() -> None:
    said = repr(PlainPlace("Quito", 2_850))

    assert repr(Place("Quito", 2_850)) == said.replace("PlainPlace", "Place")


def test_a_field_that_is_not_compared_or_shown_is_left_out() -> None:
    one, other = Point("Quito", 2_850, "north"), Point("Quito", 2_850, "south")

    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == "Point(name='Quito', metres=2850)"


def test_a_record_equals_none_of_another_class() -> None:
    assert Place("Quito") != Point("Quito")
    others: list[object] = ["Quito", ("Quito", 0)]
    assert Place("Quito") not in others


def test_records_without_fields_are_equal() -> None:
    assert Anywhere() == Anywhere()
    assert hash(Anywhere()) == hash(Anywhere())


def test_what_a_class_compares_by_itself_stays() -> None:
    assert Folded("Quito") == Folded("QUITO")
    assert hash(Folded("Quito")) == hash(Folded("QUITO"))
