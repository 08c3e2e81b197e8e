import hashlib

import pytest

from llm_cache_proxy.domain.promise import Cell, Evidence, Tally
from llm_cache_proxy.domain.promise.evidence import (
    CONTROL,
    GROUPS,
    group_of,
    groups_of,
    owner_of,
    sums_of,
    tallies_of,
)


def test_sums_are_read_back_as_they_were_added() -> None:
    cell = Cell("entities", 3)
    sums = {**sums_of(owner_of(3, cell), Tally(5, 2, 1)), **sums_of(CONTROL, Tally(0, 10, 1))}

    found = tallies_of(sums)

    assert found[CONTROL] == Tally(0, 10, 1)
    assert groups_of(found) == {3: {cell: Tally(5, 2, 1)}}


def test_noughts_are_not_added() -> None:
    assert sums_of(owner_of(0, Cell("", 7)), Tally(1, 0, 0)) == {"0:@7/s": 1}


@pytest.mark.parametrize("name", ["later/l", "@7/l", "x:@7/l", f"{GROUPS}:@7/l", "0:@99/l", "odd"])
def test_unknown_names_count_nothing(name: str) -> None:
    assert groups_of(tallies_of({name: 3.0})) == {}


def test_a_negative_sum_counts_nothing() -> None:
    found = Evidence(groups_of(tallies_of({"0:@7/d": -1.0}))[0])

    assert found.of(Cell("", 7)) == found.of(Cell("", 6)) == Tally()
    assert found.total.labelled == 0


def test_however_many_surroundings_there_are_their_groups_are_few() -> None:
    digests = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(1_000))

    assert {group_of(digest) for digest in digests} == set(range(GROUPS))
