"""Words whose capitals tell them apart because of what stands around them.

A word that one text has in two spellings, and the name of a type or a value that is asked about.
"""

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.technical import is_technical
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_ASKED = frozenset(
    {"is", "are", "does", "do", "between", "type", "types", "keyword", "value", "class"}
)
"""Words before a name that is asked about: "What is Integer?", "the type String"."""
_COMPARING = frozenset({"vs", "versus", "differ", "difference", "same"})
_ARTICLES = frozenset({"a", "an"})
_CHORDS = frozenset({"chord", "chords"})
_BY_CAPITALS = frozenset({"lowercase", "uppercase", "capitals", "camelcase"})
_SPELT = frozenset({Kind.WORD, Kind.IDENTIFIER})


def other_capitals(pair: Pair) -> str | None:
    """The first word that is another one by its capitals in two texts of the same words."""
    a, b = pair.a.plain, pair.b.plain
    if pair.a.words != pair.b.words or len(a) != len(b):
        return None
    if [token.raw for token in a] == [token.raw for token in b]:
        return None
    double = _spelt_twice(pair.a) | _spelt_twice(pair.b)
    careful = _is_careful(pair)
    before = ""
    for one, other in zip(a, b, strict=True):
        if (
            one.raw != other.raw
            and one.kind in _SPELT
            and one.raw.casefold() == other.raw.casefold()
            and (
                one.word in double
                or _is_told_by_capitals(one, other, pair.a)
                or (careful and _is_other(one, other, before))
            )
        ):
            return f"{one.raw} and {other.raw}"
        before = one.word
    return None


def _is_careful(pair: Pair) -> bool:
    """Whether both texts are technical, and neither is written without regard to capitals."""
    a, b = pair.a, pair.b
    if a.text.islower() or b.text.islower() or a.text.isupper():
        return False
    queries = lexicon.word_set("any_case_language")
    return queries.isdisjoint(a.words) and is_technical(a) and is_technical(b)


def _is_told_by_capitals(one: Token, other: Token, analysis: Analysis) -> bool:
    """Whether a text is about capitals or chords, which tell one word from another there."""
    if one.capital and other.capital and not _CHORDS.isdisjoint(analysis.words):
        return True
    return one.raw[1:] != other.raw[1:] and not _BY_CAPITALS.isdisjoint(analysis.words)


def _is_other(one: Token, other: Token, before: str) -> bool:
    """Whether two spellings of a word in a technical text are two names."""
    word, raws = one.word, (one.raw, other.raw)
    if one.opens or other.opens:
        return word in lexicon.word_set("typed_capitals")
    if word in lexicon.word_set("typed_name"):
        return True
    if word in lexicon.word_set("typed_capitals") and before not in _ARTICLES:
        return any(raw.isupper() for raw in raws)
    return before in _ASKED and word in lexicon.word_set("typed_type")


@once_a_text
def _spelt_twice(analysis: Analysis) -> frozenset[str]:
    """The words that the text has in two spellings, of which none only opens a sentence."""
    text = analysis.text
    if text.islower() or text.isupper():
        return frozenset()
    opening = not _COMPARING.isdisjoint(analysis.words)
    found: dict[str, set[str]] = {}
    for token in analysis.plain:
        if token.kind not in _SPELT or token.word in {"a", "i"}:
            continue
        if opening or not token.opens or token.raw.islower() or token.raw[1:].isupper():
            found.setdefault(token.raw.casefold(), set()).add(token.raw)
    return frozenset(word for word, raws in found.items() if len(raws) > 1)
