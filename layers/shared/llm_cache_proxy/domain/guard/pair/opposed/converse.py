"""One relation told from either end: "A is larger than B", "B is smaller than A".

Speaks only of two texts that are the same but for the relation and for who stands at which end,
and that ask whether it holds. What asks for one end, or for what the relation sets apart, is
another question from the other end: "Where was Napoleon before Elba?".
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from llm_cache_proxy.domain.guard.pair.counterparts.likeness import are_opposites, same_root
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

_MOST = 40
"""Words of a text beyond which it is not looked at, so that cost stays bounded."""
_DEGREES = {"more": 1, "less": -1}
_BY_HOW_MUCH = frozenset({"much", "far", "even", "slightly", "significantly"})
_DOUBLED = frozenset({"gg", "tt", "nn", "dd", "mm"})
_PLACED = frozenset({"before", "after", "above", "below", "over", "under"})
_SIDES = frozenset({"north", "south", "east", "west", "left", "right"})
_BE = frozenset({"is", "are", "was", "were"})
_ADVISES = frozenset({"should", "can", "could"})
_FOR_AN_END = frozenset({"what", "who", "which", "whose", "how"})
_FOR_PLACES = _FOR_AN_END | {"where", "when", "why"}
"""Before a place these ask for what stands there: "Why is Jupiter larger" asks of both."""


class _Link(NamedTuple):
    """A relation between what stands before `start` and behind `stop`.

    `word` says which, `sign` is -1 where it is "less" so, `degree` by how much.
    """

    start: int
    stop: int
    word: Token
    sign: int
    degree: str


def is_converse(one: Analysis, other: Analysis) -> bool:
    """Whether each text is the other told from the other end."""
    if one.words == other.words or max(len(one.words), len(other.words)) > _MOST:
        return False
    if _RELATING.isdisjoint(one.words) or _RELATING.isdisjoint(other.words):
        return False
    left, right = _words(one), _words(other)
    return any(
        _are_opposed(link, turned) and _trade_ends(left, link, right, turned)
        for link in _links(left)
        for turned in _links(right)
    )


def _words(analysis: Analysis) -> list[Token]:
    return [token for token in analysis.plain if token.kind is not Kind.MARK]


def _links(tokens: Sequence[Token]) -> Iterator[_Link]:
    for at, token in enumerate(tokens[:-1]):
        if token.word == "than" and at > 1:
            yield _compared(tokens, at)
        elif token.word in _PLACED:
            yield _Link(at, at + 1, token, 1, "")
        elif token.word in _SIDES and tokens[at + 1].word == "of":
            yield _Link(at, at + 2, token, 1, "")


def _compared(tokens: Sequence[Token], than: int) -> _Link:
    """The comparative before "than": "much larger", "less common"."""
    start = than - 1
    sign = _DEGREES.get(tokens[start - 1].word, 0)
    start -= sign != 0
    degree = tokens[start - 1].word if start and tokens[start - 1].word in _BY_HOW_MUCH else ""
    return _Link(start - bool(degree), than + 1, tokens[than - 1], sign or 1, degree)


def _are_opposed(one: _Link, other: _Link) -> bool:
    if one.degree != other.degree or one.stop - one.start == 0:
        return False
    a, b = one.word.stem, other.word.stem
    if one.sign == other.sign:
        bases = (stem(_base(each.word)) for each in (one, other))
        return are_opposites(a, b) or are_opposites(*bases)
    return a == b or same_root(_base(one.word), _base(other.word))


def _base(token: Token) -> str:
    """The adjective of a comparative, as far as its ending tells: "healthier", "bigger"."""
    word = token.word.removesuffix("er")
    if word.endswith("i"):
        return word[:-1] + "y"
    return word[:-1] if word[-2:] in _DOUBLED else word


def _trade_ends(left: Sequence[Token], link: _Link, right: Sequence[Token], turned: _Link) -> bool:
    """Whether "P X link Y S" is "P Y turned X S" in the other text, and P asks whether it holds."""
    before, behind = _stems(left[: link.start]), _stems(left[link.stop :])
    others, rest = _stems(right[: turned.start]), _stems(right[turned.stop :])
    compares = left[link.stop - 1].word == "than"
    for cut in range(1, len(before)):
        ends = others[cut:]
        if before[:cut] != others[:cut] or not ends or behind[: len(ends)] != ends:
            continue
        if rest == before[cut:] + behind[len(ends) :]:
            asked = left[:cut], left[link.stop + len(ends) :]
            return _asks_whether(*asked, _FOR_AN_END if compares else _FOR_PLACES)
    return False


def _asks_whether(opening: Sequence[Token], end: Sequence[Token], apart: frozenset[str]) -> bool:
    """Whether a text asks if a relation holds, and not what else is true of one of its ends."""
    holds = opening[-1].word in _BE or opening[0].word in _ADVISES
    if not holds or not apart.isdisjoint(token.word for token in opening):
        return False
    return not end or end[0].word in lexicon.word_set("preposition")


def _stems(tokens: Sequence[Token]) -> list[str]:
    return [token.stem for token in tokens]


_RELATING = _PLACED | _SIDES | {"than"}
