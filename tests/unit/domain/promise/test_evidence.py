from llm_cache_proxy.domain.promise import Cell, Evidence, Tally
from llm_cache_proxy.domain.promise.evidence import CONTROL, RECENT, evidence_of, sums_of


def test_sums_are_read_back_as_they_were_added() -> None:
    cell = Cell("entities", 3)
    sums = {
        **sums_of(cell, Tally(5, 2, 1)),
        **sums_of(CONTROL, Tally(0, 10, 1)),
        **sums_of(RECENT, Tally(0.5, 3, 1)),
    }

    found = evidence_of(sums)

    assert found == Evidence({cell: Tally(5, 2, 1)}, Tally(0, 10, 1), Tally(0.5, 3, 1))
    assert found.labels == 2


def test_noughts_are_not_added() -> None:
    assert sums_of(Cell("", 7), Tally(1, 0, 0)) == {":7/s": 1}


def test_unknown_names_and_negative_sums_count_nothing() -> None:
    found = evidence_of({"later/l": 3.0, ":7/d": -1.0, "odd": 2.0})

    assert found.of(Cell("", 7)) == Tally()
    assert found.of(Cell("", 6)) == Tally()
    assert found.labels == 0
