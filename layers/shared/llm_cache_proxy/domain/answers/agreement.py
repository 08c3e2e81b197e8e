"""How likely two answers say the same, and from which agreement on they count as equal.

A refusal beside an answer, and two languages, never agree. Elsewhere a logistic model weighs what
`comparison` found.
"""

from math import exp

from llm_cache_proxy.domain.answers.comparison import Comparison

LEAST_AGREEMENT = 0.40
"""Two answers agree from here on: at most 2 % of answers to different prompts get as far."""

CLEARLY_DIFFERENT = 0.18
"""Below it two answers differ clearly (`clearly_differs`)."""

# Fitted by logistic regression on the pairs that `python -m
# benchmarks.accuracy.answer_agreement` lists; its `--fit` does so anew, and measures each half by a
# fit on the other.
_BIAS = -7.56
_SIMILARITY = 11.41
_COVERED = 6.02
_OVERLAP = -5.13
_CONTRADICTED = -1.50
_NUMBERS_DIFFER = -1.76
_STANCES_DIFFER = -6.71


def agreement(found: Comparison) -> float:
    """The agreement: from 0 (they say different things) to 1 (they say the same)."""
    if found.refusals_differ or found.languages_differ:
        return 0.0
    log_odds = (
        _BIAS
        + _SIMILARITY * found.similarity
        + _COVERED * found.covered
        + _OVERLAP * found.overlap
        + _CONTRADICTED * found.contradicted
        + _NUMBERS_DIFFER * found.numbers_differ
        + _STANCES_DIFFER * found.stances_differ
    )
    return 1.0 / (1.0 + exp(-log_odds))


def clearly_differs(found: Comparison) -> bool:
    """Whether two answers differ beyond a doubt: the label that thresholds are learned from.

    It finds fewer wrong answers than `LEAST_AGREEMENT` does, and hardly ever blames a right one;
    where few answers are wrong, such labels say more.
    """
    return agreement(found) < CLEARLY_DIFFERENT
