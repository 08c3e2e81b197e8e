from llm_cache_proxy.domain.promise import Cell, Evidence, Tally
from llm_cache_proxy.domain.promise.evidence import CONTROL, cells_of, sums_of, tallies_of


def test_sums_are_read_back_as_they_were_added() -> None:
    cell = Cell("entities", 3)
    sums = {**sums_of(cell, Tally(5, 2, 1)), **sums_of(CONTROL, Tally(0, 10, 1))}

    found = tallies_of(sums)

    assert found[CONTROL] == Tally(0, 10, 1)
    assert cells_of(found) == {cell: Tally(5, 2, 1)}


def test_noughts_are_not_added() -> None:
    assert sums_of(Cell("", 7), Tally(1, 0, 0)) == {"@7/s": 1}


def test_unknown_names_and_negative_sums_count_nothing() -> None:
    found = Evidence(cells_of(tallies_of({"later/l": 3.0, "@7/d": -1.0, "odd": 2.0})))

    assert found.of(Cell("", 7)) == Tally()
    assert found.of(Cell("", 6)) == Tally()
    assert found.labels == 0
