"""Which writing system and which language a text seems to be written in.

Never guesses from a single word: short texts have no language.
"""

from functools import cache
from unicodedata import name

from llm_cache_proxy.domain.guard import lexicon

_ENOUGH = 2
_SAMPLE = 200
_JOINED = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "CJK": "CJK", "FULLWIDTH": "LATIN"}


@cache
def _tell_tales() -> dict[str, tuple[str, ...]]:
    """Word → the languages it is typical of."""
    found: dict[str, tuple[str, ...]] = {}
    for title, words in lexicon.named("languages").items():
        if title.startswith("written_"):
            for word in words:
                found[word] = (*found.get(word, ()), title.removeprefix("written_"))
    return found


def written_in(words: tuple[str, ...]) -> tuple[str, str]:
    """The main script (a word of Unicode's names) and the language, each empty when unknown."""
    scripts: dict[str, int] = {}
    languages: dict[str, int] = {}
    for word in words[:_SAMPLE]:
        if word[0].isalpha():
            script = "LATIN" if word.isascii() else _script(word[0])
            scripts[script] = scripts.get(script, 0) + 1
        for language in _tell_tales().get(word, ()):
            languages[language] = languages.get(language, 0) + 1
    return _leader(scripts, 1), _leader(languages, _ENOUGH)


def _script(letter: str) -> str:
    first = name(letter, "").partition(" ")[0]
    return _JOINED.get(first, first)


def _leader(counts: dict[str, int], least: int) -> str:
    """The key with the highest count, unless it is below `least` or shared."""
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    if not ranked or ranked[0][1] < least:
        return ""
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return ""
    return ranked[0][0]
