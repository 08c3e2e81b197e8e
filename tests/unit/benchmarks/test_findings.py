"""How a budget's figure is printed."""

import pytest
from benchmarks.findings import Budget


@pytest.mark.parametrize(
    ("figure", "printed"), [(15.00197, "15.002 ms"), (14.9996, "15 ms"), (1.2345, "1.23 ms")]
)
def test_a_figure_never_seems_to_keep_the_limit_that_it_misses(figure: float, printed: str) -> None:
    budget = Budget("a miss", figure, 15, "ms")

    assert budget.row()[2] == printed
