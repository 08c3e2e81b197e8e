import pytest

from llm_cache_proxy.domain.guard.pair.traits import NO_TRAITS, Traits
from llm_cache_proxy.domain.promise.cells import (
    BANDS,
    LOG_ODDS,
    LOWEST,
    Cell,
    cell_of,
    lower_edge,
    parsed_cell,
)
from llm_cache_proxy.domain.promise.score import log_odds

REWORDED = Traits(left_over=3.0, function_words=2, changed=6, same_stems=0.0, content=3)


@pytest.mark.parametrize("similarity", [0.80, 0.86, 0.90, 0.949, 0.97, 0.99, 1.0])
def test_a_candidate_is_in_the_band_that_its_score_lies_in(similarity: float) -> None:
    cell = cell_of(similarity, None, REWORDED)

    assert cell is not None
    score = log_odds(similarity, REWORDED)
    assert cell.band == 0 or score >= LOG_ODDS[cell.band - 1]
    assert cell.band == BANDS - 1 or score < LOG_ODDS[cell.band]


def test_a_band_begins_at_its_lower_edge() -> None:
    assert [lower_edge(0), lower_edge(1), lower_edge(BANDS - 1)] == [0.0, 0.60, 0.995]


def test_a_vetoed_candidate_has_its_rules_cell() -> None:
    cell = cell_of(0.985, "entities", NO_TRAITS)

    assert cell is not None
    assert cell.rule == "entities"


def test_nothing_is_learned_below_the_lowest_similarity() -> None:
    assert cell_of(LOWEST - 0.01, None, NO_TRAITS) is None


@pytest.mark.parametrize("cell", [Cell("", 0), Cell("handed_over", BANDS - 1)])
def test_a_cell_is_found_again_by_its_name(cell: Cell) -> None:
    assert parsed_cell(str(cell)) == cell


@pytest.mark.parametrize("name", ["control", "entities@x", f"entities@{BANDS}", "", "3"])
def test_other_names_are_no_cells(name: str) -> None:
    assert parsed_cell(name) is None


def test_labels_that_were_counted_by_similarity_are_of_no_cell() -> None:
    assert parsed_cell("entities:3") is None
