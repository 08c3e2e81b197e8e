import pytest

from llm_cache_proxy.domain.promise.cells import (
    BANDS,
    LOWEST,
    Cell,
    cell_of,
    lower_edge,
    parsed_cell,
)


@pytest.mark.parametrize(
    ("similarity", "band"), [(0.80, 0), (0.86, 1), (0.949, 3), (0.95, 4), (0.99, 7), (1.0, 7)]
)
def test_a_band_begins_at_its_lower_edge(similarity: float, band: int) -> None:
    assert cell_of(similarity, None) == Cell("", band)
    assert similarity >= lower_edge(band)


def test_a_vetoed_candidate_has_its_rules_cell() -> None:
    assert cell_of(0.985, "entities") == Cell("entities", 6)


def test_nothing_is_learned_below_the_lowest_similarity() -> None:
    assert cell_of(LOWEST - 0.01, None) is None


@pytest.mark.parametrize("cell", [Cell("", 0), Cell("handed_over", BANDS - 1)])
def test_a_cell_is_found_again_by_its_name(cell: Cell) -> None:
    assert parsed_cell(str(cell)) == cell


@pytest.mark.parametrize("name", ["control", "entities:x", f"entities:{BANDS}", ""])
def test_other_names_are_no_cells(name: str) -> None:
    assert parsed_cell(name) is None
