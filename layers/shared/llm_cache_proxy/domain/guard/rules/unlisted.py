"""Differences in what the word lists know nothing of: other letters than English has, and emoji.

The embedder knows as little of them: to it "включить" and "выключить" are one word, and all emoji
are one sign. So nothing but capitals, spaces and marks may differ there.
"""

from unicodedata import category, normalize

from llm_cache_proxy.domain.guard.analysis import Analysis
from llm_cache_proxy.domain.guard.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.tokens import Kind

_SPELLED = frozenset({Kind.WORD, Kind.IDENTIFIER})
_COMMON = frozenset("°©®™µμ")
"""Signs that have an everyday spelling in Latin letters, or go without saying."""


def _unlisted(pair: Pair) -> str | None:
    for find in (_words, _signs):
        a, b = find(pair.a), find(pair.b)
        if a != b:
            only = next((one for one in (*a, *b) if a.count(one) != b.count(one)), "their order")
            return f"no word list knows: {only}"
    return None


def _words(analysis: Analysis) -> list[str]:
    """The words in other letters than English has, accents apart, in order."""
    if analysis.text.isascii():
        return []
    return [
        token.word
        for token in analysis.tokens
        if token.kind is Kind.SIGN
        or (token.kind in _SPELLED and any(_is_other(letter) for letter in token.word))
    ]


def _signs(analysis: Analysis) -> list[str]:
    """The emoji and other pictures beyond ASCII, in order."""
    if analysis.text.isascii():
        return []
    return [
        sign
        for sign in analysis.text
        if not sign.isascii() and category(sign) == "So" and sign not in _COMMON
    ]


def _is_other(letter: str) -> bool:
    if letter.isascii() or letter in _COMMON:
        return False
    return any(part.isalpha() and not part.isascii() for part in normalize("NFKD", letter))


UNLISTED = Rule(
    name="unlisted",
    looks_at="words in other letters than English has, accents apart, and emoji",
    vetoes=(
        ("Как включить звук?", "Как выключить звук?"),
        ("كيف أفتح الحساب؟", "كيف أغلق الحساب؟"),
        ("如何增加体重?", "如何减少体重?"),
        ("Αλλάζω ή κρατώ;", "Κρατώ ή αλλάζω;"),
        ("Jak włączyć dźwięk?", "Jak wyłączyć dźwięk?"),
        ("Is this good? 👍", "Is this good? 👎"),
        ("What flag is 🇩🇪?", "What flag is 🇪🇩?"),
    ),
    passes=(
        ("Как включить звук?", "как включить звук"),
        ("What does привет mean?", "what's the meaning of привет?"),
        ("Is 5 μg a lot?", "Is 5 mcg a lot?"),
        ("What does a naïve café owner do?", "What does a naive cafe owner do?"),
        ("Was kostet eine große Straßenkarte?", "was kostet eine GROSSE Strassenkarte"),
        ("What is the ﬁrst law?", "What is the first law?"),
    ),
    check=_unlisted,
)
