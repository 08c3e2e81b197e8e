"""Compares two answers in what they say: new words, numbers, yes and no, and piece by piece.

Words of either prompt are left out of the overlap: two answers repeat them whatever they say.
Never asks a model; the answers' cosine is given.
"""

from dataclasses import dataclass
from functools import cache
from math import sqrt

from llm_cache_proxy.domain.answers.content import Content, content, stems
from llm_cache_proxy.domain.guard import Guard

_ALIGNED = 0.3
"""Share of words that two pieces have in common, from which on they speak of one thing."""

_CONTRADICTING = frozenset(
    {"numbers", "units", "dates", "versions", "negation", "opposites", "code"}
)


@cache
def _guard() -> Guard:
    """Made on first use: a cold start compares no answers."""
    return Guard()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two answers side by side; every figure is a share from 0 to 1.

    `similarity` is the cosine of both. `covered` is the share of new words of the answer with
    fewer of them that the other has too, `overlap` the cosine of both sets of new words; both are
    1 where an answer has no new word. `contradicted` is the share of the shorter answer's pieces
    whose counterpart in the other differs in a number, a unit, a date, code, a negation or an
    opposite.
    """

    similarity: float
    covered: float
    overlap: float
    contradicted: float
    numbers_differ: bool
    stances_differ: bool
    refusals_differ: bool
    languages_differ: bool


def compared(prompts: tuple[str, str], answers: tuple[str, str], similarity: float) -> Comparison:
    """Two answers to two prompts, which may be the same prompt."""
    one, other = content(answers[0]), content(answers[1])
    asked = stems(prompts[0]) | stems(prompts[1])
    covered, overlap = _overlap(one.stems - asked, other.stems - asked)
    return Comparison(
        similarity=similarity,
        covered=covered,
        overlap=overlap,
        contradicted=_contradicted(one, other),
        numbers_differ=_are_apart(one.numbers, other.numbers),
        stances_differ={one.stance, other.stance} == {"yes", "no"},
        refusals_differ=one.refuses is not other.refuses,
        languages_differ=_differ(one.script, other.script) or _differ(one.language, other.language),
    )


def _overlap(one: frozenset[str], other: frozenset[str]) -> tuple[float, float]:
    if not one or not other:
        return 1.0, 1.0
    shared = len(one & other)
    return shared / min(len(one), len(other)), shared / sqrt(len(one) * len(other))


def _are_apart(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and one.isdisjoint(other)


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and one != other


def _contradicted(one: Content, other: Content) -> float:
    if len(one.pieces) > len(other.pieces):
        one, other = other, one
    offered = [(piece, words) for piece in other.pieces if (words := stems(piece))]
    read = [(piece, words) for piece in one.pieces if (words := stems(piece))]
    if not read or not offered:
        return 0.0
    against = 0
    for piece, words in read:
        counterpart, likeness = max(
            ((each, _dice(words, its)) for each, its in offered), key=lambda pair: pair[1]
        )
        if likeness >= _ALIGNED:
            against += _guard().compare(piece, counterpart).rule in _CONTRADICTING
    return against / len(read)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))
