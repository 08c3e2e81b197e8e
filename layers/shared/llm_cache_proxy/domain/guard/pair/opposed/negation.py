"""Which words of a text are negated, and by what.

Never weighs one text against another, but for one question: whether a negator and an opposite
make each other good.
"""

from functools import cache
from itertools import islice
from typing import NamedTuple

from llm_cache_proxy.domain.guard.pair.counterparts.likeness import are_opposites
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_REACH = 4
_FARTHEST = 24
_NEAR = 2
_FEW = 12
_ASKS_ON = frozenset({"why", "what", "how", "when", "where", "who", "which", "then"})
_DEGREES = frozenset({"more", "less"})


class Negator(NamedTuple):
    """A negator's reach, the first stems after it, and whether it negates a quality ("is not")."""

    reach: tuple[str, ...]
    of_quality: bool


@once_a_text
def negators(analysis: Analysis) -> tuple[Negator, ...]:
    """The negators of a text, but for those that negate nothing that is asked."""
    listed = lexicon.classes()["negator"]
    if listed.isdisjoint(analysis.words):
        return ()
    words = [token for token in analysis.tokens if token.kind in {Kind.WORD, Kind.MARK}]
    found: list[Negator] = []
    for at, token in enumerate(words):
        if token.word in listed and not _is_idle(words, at):
            reach = _after(words, at)
            of_quality = at > 0 and words[at - 1].word in lexicon.word_set("copula")
            found.append(Negator(reach, of_quality))
    return tuple(found)


def _after(words: list[Token], at: int) -> tuple[str, ...]:
    """The stems of the first words with content after a position."""
    rest = (
        each.stem
        for each in islice(words, at + 1, at + 1 + _FARTHEST)
        if each.kind is Kind.WORD and each.word not in lexicon.function_words()
    )
    return tuple(islice(rest, _REACH))


def made_good(one: Analysis, other: Analysis) -> bool:
    """Whether one says "is not hard" where the other says "is easy", and nothing else differs."""
    differing = one.stems ^ other.stems
    if len(differing) > _FEW:
        return False
    if differing >= _DEGREES and _is_less_of_opposite(one, other):
        return True
    left, right = negators(one), negators(other)
    if abs(len(left) - len(right)) != 1:
        return False
    stems, others = one.stems - _idle_stems(), other.stems - _idle_stems()
    if len(stems - others) != 1 or len(others - stems) != 1:
        return False
    word, opposite = min(stems - others), min(others - stems)
    negated, by = (word, left) if len(left) > len(right) else (opposite, right)
    return are_opposites(word, opposite) and any(
        each.of_quality and negated in each.reach[:_NEAR] for each in by
    )


def _is_less_of_opposite(one: Analysis, other: Analysis) -> bool:
    """Whether one says "more patient" where the other says "less impatient", and nothing else."""
    stems, others = one.stems - other.stems, other.stems - one.stems
    if len(stems) != 2 or len(others) != 2:  # noqa: PLR2004 - a degree and a quality
        return False
    rest = (stems | others) - _DEGREES
    return are_opposites(min(rest), max(rest))


@cache
def _idle_stems() -> frozenset[str]:
    """Stems whose coming and going leaves a negated quality what it is."""
    words = lexicon.function_words() | lexicon.classes()["negator"]
    return frozenset(map(lexicon.phrase_key, words)) | {".", ",", "?", "!"}


def _in_tag(words: list[Token], at: int) -> bool:
    """Whether the negator closes a tag question, such as "…, isn't it?"."""
    rest = [token.word for token in words[at + 1 : at + 1 + _REACH] if token.kind is Kind.WORD]
    marks = [token for token in words[max(at - 2, 0) : at] if token.kind is Kind.MARK]
    return lexicon.word_set("tagged").issuperset(rest) and len(rest) <= 1 and bool(marks) and at > 1


def _is_idle(words: list[Token], at: int) -> bool:
    """Whether the negator negates nothing that is asked: "or not", "if not", "Isn't it …?"."""
    if _in_tag(words, at):
        return True
    before = words[at - 1].word if at else ""
    if at == 1 and before in lexicon.word_set("opening_auxiliary") and words[-1].raw.endswith("?"):
        return True
    after = words[at + 1].word if at + 1 < len(words) else ""
    if before == "if" and (not after.isalnum() or after in _ASKS_ON):
        return True  # "if not, why?", but no "if not x:"
    earlier = words[at - 2].word if at > 1 else ""
    return before in {"or", "yes"} or after == "only" or (earlier == "or" and before == "why")
