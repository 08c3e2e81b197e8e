"""What "only", "even" or "not all" speaks of, which is what stands right behind it."""

from collections.abc import Sequence

from llm_cache_proxy.domain.guard.text.tokens import Token
from llm_cache_proxy.domain.guard.words import lexicon

_OF_AMOUNT = frozenset({"have", "be", "cost", "get", "vote", "sting"})
"""Verbs that "only" may stand before or behind: "I only have 10 dollars"."""
_ARTICLES = frozenset({"a", "an", "the"})


def other_focus(left: Sequence[Token], right: Sequence[Token]) -> str | None:
    """A word such as "only" that speaks of something else in the other text of the same words."""
    words, others = [token.word for token in left], [token.word for token in right]
    for word in sorted(_focusing(words) & {*others}):
        if words.count(word) != 1 or others.count(word) != 1:
            continue
        spoken_of, other = _behind(left, words.index(word)), _behind(right, others.index(word))
        if spoken_of[:1] != other[:1] and not _is_of_place(spoken_of, other):
            return f"{word} {' '.join(spoken_of[:1])} and {word} {' '.join(other[:1])}"
    return None


def _focusing(words: Sequence[str]) -> frozenset[str]:
    """The words of a text that speak of what is behind them; "not" does before and behind "all"."""
    found = lexicon.word_set("focusing").intersection(words)
    every = lexicon.classes()["q_all"] | lexicon.classes()["q_only"]
    return found if every.isdisjoint(words) else found | {"not"}.intersection(words)


def _behind(tokens: Sequence[Token], at: int) -> list[str]:
    """The next two stems behind a position, but for articles."""
    return [token.stem for token in tokens[at + 1 : at + 4] if token.word not in _ARTICLES][:2]


def _is_of_place(one: list[str], other: list[str]) -> bool:
    """Whether one phrase is meant before a verb and behind it: "only sold in", "sold only in"."""
    passed = lexicon.word_set("preposition") | _OF_AMOUNT
    return any(
        near[:1] == far[1:] and not passed.isdisjoint((*near[:1], *far[:1]))
        for near, far in ((one, other), (other, one))
    )
