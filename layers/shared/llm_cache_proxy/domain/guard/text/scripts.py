"""Which writing system and which language a text seems to be written in."""

from unicodedata import name

from llm_cache_proxy.domain.guard.text.foreign import language_of
from llm_cache_proxy.domain.guard.text.tokens import Token

_SAMPLE = 200
_JOINED = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "CJK": "CJK", "FULLWIDTH": "LATIN"}


def written_in(tokens: tuple[Token, ...]) -> tuple[str, str]:
    """The main script (a word of Unicode's names) and the language, each empty when unknown."""
    sample = tokens[:_SAMPLE]
    if "".join([token.word for token in sample]).isascii():
        for token in sample:
            if token.word[0].isalpha():
                return "LATIN", language_of(sample)
        return "", language_of(sample)
    scripts: dict[str, int] = {}
    for token in sample:
        word = token.word
        if word[0].isalpha():
            script = "LATIN" if word.isascii() else _script(word[0])
            scripts[script] = scripts.get(script, 0) + 1
    return _leader(scripts), language_of(sample)


def _script(letter: str) -> str:
    first = name(letter, "").partition(" ")[0]
    return _JOINED.get(first, first)


def _leader(counts: dict[str, int]) -> str:
    """The key with the highest count, unless another has it as well."""
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    if not ranked:
        return ""
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return ""
    return ranked[0][0]
