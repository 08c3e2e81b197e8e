"""What is predicted before a tenant has labels, and which rules labels may overrule.

The predictions come from the project's own labelled prompts (`benchmarks/pairs`), by `python -m
benchmarks.accuracy.wrong_share --prior`: of what the guard accepts, 2 % is wrong, of which the
judge sees six in ten. A bad prediction costs labels; it cannot break the promise.
"""

from llm_cache_proxy.domain.promise.cells import ACCEPTED

ACCEPTED_DIFFERING = (0.6, 30.0)
VETOED_DIFFERING = (0.5, 8.0)
"""Beta distributions of the share that the judge calls different: by the guard's word."""

MAY_BE_OVERRULED = frozenset(
    {"addition", "case", "contrast", "entities", "modality", "persons", "plural"}
    | {"quantifiers", "question", "substitution", "tense"}
)
"""Rules that labels may overrule. What the others see (numbers, negation, code, …) changes an
answer's facts, in whatever company."""


def predicted_differing(rule: str) -> tuple[float, float]:
    """The Beta distribution of the share called different among a rule's candidates."""
    return ACCEPTED_DIFFERING if rule == ACCEPTED else VETOED_DIFFERING
