"""What is believed before a tenant has labels: how often candidates of a cell are wrong.

From the project's own labelled prompts (`benchmarks/pairs`), by `python -m benchmarks.wrong_share
--prior`; lower bands take part of what the band below them shows.
"""

from llm_cache_proxy.domain.promise.cells import ACCEPTED, Cell

PRIOR_STRENGTH = 8.0
"""Labels that the prior counts for."""

_ACCEPTED_WRONG = (0.15, 0.08, 0.03, 0.03, 0.02, 0.02, 0.015, 0.01)
_VETOED_WRONG = (0.95, 0.93, 0.85, 0.80, 0.90, 0.90, 0.90, 0.90)

MAY_BE_OVERRULED = frozenset(
    {ACCEPTED, "addition", "case", "contrast", "entities", "modality", "persons", "plural"}
    | {"quantifiers", "question", "substitution", "tense"}
)
"""Rules that labels may overrule. What the others see (numbers, negation, code, …) changes an
answer's facts, in whatever company."""


def prior_wrong(cell: Cell) -> float:
    """The share of the cell's candidates that is wrong, by our own labelled pairs."""
    return (_ACCEPTED_WRONG if cell.rule == ACCEPTED else _VETOED_WRONG)[cell.band]
