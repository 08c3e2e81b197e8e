"""Words of two texts that are the same but stand in another order.

Looks at whole runs: "X m Y" against "Y m X". A phrase that moves to the front or to the end, and
the members of a list, tell nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from llm_cache_proxy.domain.guard.pair.order.compound import may_end, other_head
from llm_cache_proxy.domain.guard.pair.order.focus import other_focus
from llm_cache_proxy.domain.guard.pair.order.lists import is_list, is_other_row
from llm_cache_proxy.domain.guard.pair.order.moves import only_phrases_moved
from llm_cache_proxy.domain.guard.pair.order.recurring import reordered
from llm_cache_proxy.domain.guard.pair.order.runs import (
    MOST_WORDS,
    every_word,
    has_moved,
    is_same,
    trimmed,
)
from llm_cache_proxy.domain.guard.pair.order.sentences import are_reordered
from llm_cache_proxy.domain.guard.pair.order.supposition import other_supposition
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Token
from llm_cache_proxy.domain.guard.words import lexicon

Around = tuple[Token | None, Token | None]
_LONGEST = 5
"""Words that change places as one."""
_NEIGHBOURS = 2
"""Words beside each other that trade places."""
_LINKING = frozenset(
    {"to", "from", "of", "with", "and", "or", "vs", "versus", "than", "as", "a", "an", "the", "is"}
    | {"are", "was", "were", "be", "been", "being", "my", "your", "his", "her", "their", "very"}
)
"""Words around what is told of both: "is a very close friend of my"."""
_PARTICLES = frozenset({"out", "off", "up", "down", "away", "back"})
"""Words that belong to the last member of a list alone: "buy or rent out"."""
_UNSAID = frozenset({"it", "there", "to", "that", "this"})
_ASKED = frozenset({"who", "whom", "what", "which"})
_USING = frozenset({"use", "using"})
_ARTICLES = frozenset({"a", "an", "the"})
_ARTICLES_AND_DO = _ARTICLES | {"do", "does", "did"}
_MAY_LACK = _ARTICLES_AND_DO | frozenset("?.,!")
"""Stems that one text may have and the other lack where the order of the rest is compared."""


def exchanged(a: Analysis, b: Analysis, *, symmetric: bool, retold: bool = False) -> str | None:
    """Why the order of the same words differs in meaning, if it does.

    `symmetric` is true where what is told holds both ways, so that only a condition counts, and
    `retold` of long statements, whose phrases may stand anywhere.
    """
    left, right = every_word(a), every_word(b)
    if left and is_same(left, right):
        if is_list(a, b) or are_reordered(a, b):
            return None
        if is_other_row(a, b):
            return "another order in a row"
        asked = left[0].word in _ASKED
        return _Order(symmetric, retold, asked).between(left, right)
    for leave_out in (_ARTICLES, _ARTICLES_AND_DO) if a.stems ^ b.stems <= _MAY_LACK else ():
        some, others = _without(left, leave_out), _without(right, leave_out)
        if len(some) == len(others) and is_same(some, others):
            return _Order(symmetric, retold, asked=False).between(some, others)
    return None if symmetric else other_supposition(a, b) or reordered(a, b)


def _without(words: list[Token], small: frozenset[str]) -> list[Token]:
    """The words but for articles and the like, which come and go: "tap water", "a tap"."""
    return [token for token in words if token.word not in small]


class _Order(NamedTuple):
    """How the order of the same words is weighed; `asked` where a word asks for one of them."""

    symmetric: bool
    retold: bool
    asked: bool

    def between(self, left: list[Token], right: list[Token]) -> str | None:
        """How runs of the same words change places, if they do."""
        focus = other_focus(left, right)
        if focus is not None:
            return focus
        around = _around(left, right)
        left, right = trimmed(left, right)
        a, b = [token.stem for token in left], [token.stem for token in right]
        if not a or len(a) > MOST_WORDS:
            return None
        if has_moved(a, b):
            return self._moved(left, right, around)
        for first in range(1, min(_LONGEST, len(a) - 2) + 1):
            for last in range(1, min(_LONGEST, len(a) - first - 1) + 1):
                if b == a[-last:] + a[first:-last] + a[:first]:
                    between = left[first:-last]
                    if self.symmetric and _holds_both_ways(between):
                        return None
                    return _named(left[:first], left[-last:], between, around)
        return self._unexplained(left, right)

    def _moved(self, left: list[Token], right: list[Token], around: Around) -> str | None:
        told = _other_condition(_word(around[0]), left, right)
        if told or self.symmetric:
            return told
        told = _turned(around, left, asked=self.asked)
        return told or (None if len(left) <= _NEIGHBOURS else self._unexplained(left, right))

    def _unexplained(self, left: list[Token], right: list[Token]) -> str | None:
        """That something stands elsewhere which may not."""
        if self.symmetric or self.retold or only_phrases_moved(left, right):
            return None
        return "the same words in another order"


def _holds_both_ways(between: list[Token]) -> bool:
    """Whether nothing but what is told of both stands between them: "is married to"."""
    keys = frozenset("_".join(lexicon.symmetric_keys()).split("_"))
    return all(token.stem in keys or token.word in _LINKING for token in between)


def _turned(around: Around, words: list[Token], *, asked: bool) -> str | None:
    """Whether two neighbours that trade places trade roles: "Who will Ann see?"."""
    before, behind = _word(around[0]), around[1]
    verbal = before not in lexicon.word_set("passive") or any(map(_is_verb, words))
    if asked and verbal and before in lexicon.word_set("auxiliary") and may_end(behind):
        return "who does it and to whom"
    return other_head(words)


def _is_verb(token: Token) -> bool:
    """Whether a form of "be" may make a verb of the word: "Who is Ann seeing?"."""
    return token.word.endswith(("ing", "ed"))


def _around(left: list[Token], right: list[Token]) -> Around:
    """The token before the first difference, and the one behind the last."""
    start, end = 0, len(left)
    while start < end and left[start].stem == right[start].stem:
        start += 1
    while end > start and left[end - 1].stem == right[end - 1].stem:
        end -= 1
    return left[start - 1] if start else None, left[end] if end < len(left) else None


def _word(token: Token | None) -> str:
    return token.word if token else ""


def _other_condition(before: str, left: list[Token], right: list[Token]) -> str | None:
    """What follows "if" in one text and is what follows from it in the other."""
    if before not in lexicon.word_set("condition"):
        return None
    return f"{before} {left[0].word} and {before} {right[0].word}"


def _named(
    one: Sequence[Token],
    other: Sequence[Token],
    between: Sequence[Token],
    around: Around,
) -> str | None:
    """The two that change places, unless they are members of one list or have no content.

    A word before or behind both says nothing: "to walk or to run", "red cars and blue cars".
    """
    if not (_says_something(one) and _says_something(other)):
        return None
    before, behind = _word(around[0]), around[1]
    joins = [token.word for token in between] == ["with"]
    if before in _USING and joins and (behind is None or not behind.word.isalpha()):
        return None  # "use Redis with Django"
    shared = {between[0].stem} & ({behind.stem} if behind else set())
    shared |= {between[-1].stem} & ({around[0].stem} if around[0] else set())
    joints = lexicon.word_set("list_joint")
    rest = [token for token in between if token.word not in _ARTICLES and token.stem not in shared]
    if between[0].word in joints or any(token.word in joints for token in between):
        rest = [token for token in rest if token.word not in joints]
        if not rest and (behind is None or behind.word not in _PARTICLES):
            return None
    return f"{one[0].word} and {other[0].word} change places"


def _says_something(tokens: Sequence[Token]) -> bool:
    idle = _ARTICLES | _UNSAID | lexicon.word_set("auxiliary")
    return any(
        token.word not in idle or token.raw == "US" or (token.raw == "A" and not token.opens)
        for token in tokens
    )
