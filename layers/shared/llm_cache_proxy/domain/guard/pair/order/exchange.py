"""Words of two texts that are the same but stand in another order.

Looks at whole runs: "X m Y" against "Y m X". A phrase that moves to the front or to the end, and
the members of a list, tell nothing.
"""

from collections.abc import Sequence

from llm_cache_proxy.domain.guard.pair.order.compound import may_end, other_head
from llm_cache_proxy.domain.guard.pair.order.lists import is_list
from llm_cache_proxy.domain.guard.pair.order.recurring import reordered
from llm_cache_proxy.domain.guard.pair.order.runs import (
    MOST_WORDS,
    every_word,
    has_moved,
    in_other_order,
    is_same,
    repeats_content,
    trimmed,
)
from llm_cache_proxy.domain.guard.pair.order.supposition import other_supposition
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Token
from llm_cache_proxy.domain.guard.words import lexicon

_LONGEST = 5
"""Words that change places as one."""
_SPEAKERS = frozenset({"i", "you"})
_BOTH = frozenset({"he", "she"})
_ASKED = frozenset({"who", "whom", "what", "which"})
_USING = frozenset({"use", "using"})
_ARTICLES = frozenset({"a", "an", "the"})


def exchanged(a: Analysis, b: Analysis, *, symmetric: bool) -> str | None:
    """Why the order of the same words differs in meaning, if it does.

    `symmetric` is true where what is told holds both ways, so that only a condition counts.
    """
    left, right = every_word(a), every_word(b)
    if left and is_same(left, right):
        if is_list(a, left, right) and is_list(b, right, left):
            return None
        return _between(left, right, symmetric=symmetric, asked=left[0].word in _ASKED)
    if [*map(a.words.count, _ARTICLES)] != [*map(b.words.count, _ARTICLES)]:
        left, right = _without_articles(left), _without_articles(right)
        if is_same(left, right):
            return _between(left, right, symmetric=symmetric)
    return None if symmetric else other_supposition(a, b) or reordered(a, b)


def _without_articles(words: list[Token]) -> list[Token]:
    """The words but for articles, which come and go with what is named: "tap water", "a tap"."""
    return [token for token in words if token.word not in _ARTICLES]


def _between(
    left: list[Token], right: list[Token], *, symmetric: bool, asked: bool = False
) -> str | None:
    """How runs of the same words change places, if they do; `asked` where a word asks for one."""
    around = _around(left, right)
    left, right = trimmed(left, right)
    a, b = [token.stem for token in left], [token.stem for token in right]
    if not a or len(a) > MOST_WORDS:
        return None
    if has_moved(a, b):
        told = _other_condition(around[0], left, right) or _other_scope(left)
        return told if told or symmetric else _turned(around, left, asked=asked)
    if symmetric:
        return None
    for first in range(1, min(_LONGEST, len(a) - 2) + 1):
        for last in range(1, min(_LONGEST, len(a) - first - 1) + 1):
            if b == a[-last:] + a[first:-last] + a[:first]:
                return _named(left[:first], left[-last:], left[first:-last], around)
    return _shuffled(left, right)


def _turned(around: tuple[str, Token | None], words: list[Token], *, asked: bool) -> str | None:
    """Whether two neighbours that trade places trade roles: "Who will Ann see?"."""
    before, behind = around
    verbal = before not in lexicon.word_set("passive") or any(map(_is_verb, words))
    if asked and verbal and before in lexicon.word_set("auxiliary") and may_end(behind):
        return "who does it and to whom"
    return other_head(words)


def _is_verb(token: Token) -> bool:
    """Whether a form of "be" may make a verb of the word: "Who is Ann seeing?"."""
    return token.word.endswith(("ing", "ed"))


def _around(left: list[Token], right: list[Token]) -> tuple[str, Token | None]:
    """The word before the first difference, and the token behind the last one."""
    start, end = 0, len(left)
    while start < end and left[start].stem == right[start].stem:
        start += 1
    while end > start and left[end - 1].stem == right[end - 1].stem:
        end -= 1
    return left[start - 1].word if start else "", left[end] if end < len(left) else None


def _other_condition(before: str, left: list[Token], right: list[Token]) -> str | None:
    """What follows "if" in one text and is what follows from it in the other."""
    if before not in lexicon.word_set("condition"):
        return None
    return f"{before} {left[0].word} and {before} {right[0].word}"


def _other_scope(left: list[Token]) -> str | None:
    """A "not" that moves over "all": "Not all birds fly", "All birds do not fly"."""
    negators, ends = lexicon.classes()["negator"], (left[0], left[-1])
    all_of = lexicon.classes()["q_all"] | lexicon.classes()["q_only"]
    if all_of.isdisjoint(token.word for token in left):
        return None
    moved = next((token.word for token in ends if token.word in negators), None)
    return None if moved is None else f"{moved} before and behind {left[1].word}"


def _shuffled(left: list[Token], right: list[Token]) -> str | None:
    """Whether words that recur stand in another order, but for one phrase that moved."""
    turned = repeats_content(left, 1) or _persons(left) != _persons(right)
    return in_other_order(left, right) if turned else None


def _persons(tokens: list[Token]) -> list[str]:
    """The persons in order, where there are two: "She likes him"."""
    found = [token.stem for token in tokens if token.stem in _BOTH]
    return found if {*found} == _BOTH else []


def _named(
    one: Sequence[Token],
    other: Sequence[Token],
    between: Sequence[Token],
    around: tuple[str, Token | None],
) -> str | None:
    """The two that change places, unless they are members of one list or have no content.

    A word before or behind both says nothing: "to walk or to run", "red cars and blue cars".
    """
    if not (_says_something(one) and _says_something(other)):
        return None
    before, behind = around
    joins = [token.word for token in between] == ["with"]
    if before in _USING and joins and (behind is None or not behind.word.isalpha()):
        return None  # "use Redis with Django"
    shared = {between[0].stem} & ({behind.stem} if behind else set())
    shared |= {between[-1].stem} & ({before} & {"to"})
    joints = lexicon.word_set("list_joint")
    rest = [token for token in between if token.word not in _ARTICLES and token.stem not in shared]
    if between[0].word in joints or any(token.word in joints for token in between):
        rest = [token for token in rest if token.word not in joints]
        if not rest:
            return None
    return f"{one[0].word} and {other[0].word} change places"


def _says_something(tokens: Sequence[Token]) -> bool:
    idle, told = lexicon.function_words(), (lexicon.classes()["negator"], lexicon.number_words())
    return any(
        token.word not in idle
        or any(token.word in each for each in told)
        or token.raw == "US"
        or token.stem in _SPEAKERS
        for token in tokens
    )
