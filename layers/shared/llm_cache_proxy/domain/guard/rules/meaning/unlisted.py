"""Differences in what the word lists know nothing of: other letters than English has, and emoji.

The embedder knows as little of them: to it "включить" and "выключить" are one word, and all emoji
are one sign. So nothing but capitals, spaces and marks may differ there.
"""

from unicodedata import category, normalize

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.accents import are_typed_bare
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.cleaning import without_accents
from llm_cache_proxy.domain.guard.text.foreign import (
    ENGLISH,
    first_difference,
    without_courtesy,
)
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token

_ADDRESS = frozenset({"sie", "ihr", "ihre", "ihnen", "ihren", "ihrem", "ihrer"})
"""German words that are a polite "you" with a capital, and "they" without."""
_SPELLED = frozenset({Kind.WORD, Kind.IDENTIFIER})
_PICTURES = frozenset({"So", "Sm"})
_BRACKETS = frozenset("⌊⌋⌈⌉⟨⟩⟦⟧")
_MOODS = frozenset("😀😃😄😁😆😅😂🤣😊😇🙂😉😍🥰😘😋😎🤓🤗🤔😢😭😩😫😔😬😜🙏🙌👏💪❤💕💖✨🎉🔥👋🤞")
_ABOUT_FACES = frozenset(
    {"emoji", "emojis", "emoticon", "smiley", "symbol", "face", "mean", "means", "say"}
)
_COMMON = frozenset("°©®™µμ×÷±≤≥≠≈−→←⇒·")
"""Signs that have an everyday spelling in Latin letters or ASCII, or go without saying."""


def _unlisted(pair: Pair) -> str | None:
    if pair.a.text.isascii() and pair.b.text.isascii():
        return None
    for find in (_words, _signs):
        a, b = find(pair.a), find(pair.b)
        if a != b and not (_are_alike(tuple(a), tuple(b)) or _is_mood(pair, {*a, *b})):
            only = next((one for one in (*a, *b) if a.count(one) != b.count(one)), "their order")
            return f"no word list knows: {only}"
    return _other_accent(pair)


def _are_alike(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether the words differ in courtesy alone, or in accents that one text leaves out."""
    if not (a and b):
        return False
    return without_courtesy(a) == without_courtesy(b) or are_typed_bare(a, b)


def _is_mood(pair: Pair, signs: set[str]) -> bool:
    """Whether faces only show the mood of one who asks: "My laptop won't start 😭, why?"."""
    if not signs <= _MOODS or pair.both_tell or (_signs(pair.a) and _signs(pair.b)):
        return False
    if pair.a.material is not None or pair.b.material is not None:
        return False
    return _ABOUT_FACES.isdisjoint((*pair.a.words, *pair.b.words))


def _other_accent(pair: Pair) -> str | None:
    """A word with another accent, or none, where neither text leaves accents out."""
    a, b = _accented(pair.a), _accented(pair.b)
    if not a or not b or pair.is_foreign:  # which the rule on languages compares
        return None
    words = {*pair.a.words, *pair.b.words}
    shared = {without_accents(word): word for word in {*pair.a.words} & {*pair.b.words}}
    for word in a ^ b:
        bare = without_accents(word)
        if bare not in shared and any(
            other != word and without_accents(other) == bare for other in words
        ):
            return f"accents: {word}"
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


def _accented(analysis: Analysis) -> set[str]:
    """The words with an accent that somebody may leave out."""
    if analysis.text.isascii():
        return set()
    return {word for word in analysis.words if without_accents(word) != word}


def _signs(analysis: Analysis) -> list[str]:
    """The emoji, signs of logic and other pictures beyond ASCII, in order."""
    if analysis.text.isascii():
        return []
    return [
        sign
        for sign in analysis.text
        if not sign.isascii()
        and (sign in _BRACKETS or (category(sign) in _PICTURES and sign not in _COMMON))
    ]


def _is_other(letter: str) -> bool:
    if letter.isascii() or letter in _COMMON:
        return False
    parts = normalize("NFD", letter)
    return any(not part.isascii() and (part.isalpha() or part == letter) for part in parts)


def _foreign(pair: Pair) -> str | None:
    """The first word that differs where a text is in another language than English."""
    if not pair.is_foreign:
        return None
    detail: str | None = None
    for language in sorted({pair.a.language, pair.b.language} - {"", ENGLISH}) or [""]:
        differs = first_difference(pair.a.words, pair.b.words, language)
        if differs is None and language == "de":
            differs = _other_capital(pair)
        if differs is None:
            return None
        detail = f"{language or pair.a.script.lower()}: {differs}"
    return detail


def _other_capital(pair: Pair) -> str | None:
    """A word inside two German texts that only one of them writes with a capital."""
    a, b = ([token for token in each.tokens if token.kind in _SPELLED] for each in (pair.a, pair.b))
    if len(a) != len(b):
        return None
    careful = _has_capitals(a) and _has_capitals(b)
    opened = bool(a) and a[0].capital and b[0].capital
    for one, other in zip(a, b, strict=True):
        if one.word != other.word or not (careful or (opened and one.word in _ADDRESS)):
            continue
        shouted = any(len(each.raw) > 1 and each.raw.isupper() for each in (one, other))
        if one.capital != other.capital and not (one.opens or other.opens or shouted):
            return f"{one.raw} and {other.raw}"
    return None


def _has_capitals(tokens: list[Token]) -> bool:
    """Whether a word inside the text has a capital, as every noun should."""
    return any(token.capital and not token.opens and not token.raw.isupper() for token in tokens)


FOREIGN = Rule(
    name="foreign",
    looks_at="the words of a text in another language than English, but for polite ones",
    vetoes=(
        ("Ist das erlaubt?", "Ist das nicht erlaubt?"),
        ("Comment ouvrir la porte ?", "Comment fermer la porte ?"),
        ("¿Por qué llueve?", "¿Cuándo llueve?"),
        ("Kya yeh sahi hai?", "Kya yeh sahi nahi hai?"),
        ("Haben Sie Hunger?", "Haben sie Hunger?"),
        ("Hvorfor regner det?", "Hvornår regner det?"),
    ),
    passes=(
        ("Wie spät ist es, bitte?", "wie spaet ist es"),
        ("¿Cómo cambio mi contraseña?", "como cambio mi contrasena"),
        ("Warum sind zwei Türen offen?", "Wieso sind 2 Türen offen?"),
        ("Où est la gare, s'il vous plaît ?", "Où est la gare ?"),
    ),
    check=_foreign,
    any_language=True,
)
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
    any_language=True,
)
