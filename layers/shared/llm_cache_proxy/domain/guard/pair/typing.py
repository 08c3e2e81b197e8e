"""What one of two texts has that only shows how it was typed: a fence around its code, emphasis.

Takes nothing away that both have: between them it may be what is asked about.
"""

import re

from llm_cache_proxy.domain.guard.text.signs.plain import SPELT_OUT
from llm_cache_proxy.domain.guard.text.wrapping import is_about_marks
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

_FENCE = re.compile(r"^[ \t]*```[\w+#-]*[ \t]*$\n?", re.MULTILINE)
_LANGUAGE = re.compile(r"^([ \t]*```)[\w+#-]+[ \t]*$", re.MULTILINE)
_TYPESET = re.compile(
    r"\$(?!\w{2,}\$|\d[\d_.,]*(?:\s|=\d))(?=[^$\n]{0,80}[\\^_=])([^$\s](?:[^$\n]{0,79}[^$\s])?)\$(?![\w({])"
)
"""A formula of LaTeX, no variable of a shell and no price: "$HOME_DIR", "$10=10$"."""
_EMPHASIS = re.compile(
    r"(?<![\w*_])(?!__\w+__(?!_))([*_]{1,3})"
    r"([^\W\d_][\w'-]+|[A-Za-z]{2}[\w' -]{0,60}[A-Za-z]{2}[.?!]?)\1(?![\w*_])"
)
"""Stressed words, no product and no "__init__"."""
_WORD = re.compile(r"[a-z]+")
_SHORT = 2
_WWW = re.compile(r"(?<![\w.])www\.(?=\w)")
_SIDES = r"(?<=\w)(?: is| are)? {} than (?=-?\d|[A-Za-z]\b)"
_MORE, _LESS = "(?:greater|larger|bigger|more|higher)", "(?:less|smaller|fewer|lower)"
_SAID = (
    (re.compile(_SIDES.format(_MORE).replace("than ", "than or equal to ")), " >= "),
    (re.compile(_SIDES.format(_LESS).replace("than ", "than or equal to ")), " <= "),
    (re.compile(_SIDES.format(_MORE)), " > "),
    (re.compile(_SIDES.format(_LESS)), " < "),
)
"""Comparisons in words, of which the longer ones come first."""


def alike_typed(one: str, other: str) -> tuple[str, str]:
    """The two texts without what only one of them has around its code and its words."""
    if "```" in one or "```" in other:
        one, other = _alike_fenced(one, other)
    if ("$" in one) != ("$" in other):
        one, other = _TYPESET.sub(r"\1", one), _TYPESET.sub(r"\1", other)
    if (">" in one) != (">" in other) or ("<" in one) != ("<" in other):
        one, other = _related(one), _related(other)
    if ("www." in one) != ("www." in other):
        one, other = _alike_addressed(one, other)
    if "*" in one or "*" in other or "_" in one or "_" in other:
        one, other = _alike_stressed(one, other)
    return one, other


def _alike_addressed(one: str, other: str) -> tuple[str, str]:
    """The same of "www.", which only who sets up a host keeps apart."""
    if not lexicon.word_set("hosting").isdisjoint(f"{one} {other}".casefold().split()):
        return one, other
    return _WWW.sub("", one), _WWW.sub("", other)


def _related(text: str) -> str:
    """The text with comparisons in signs: "a is greater than 5" is "a > 5"."""
    if " than " in text:
        for said, sign in _SAID:
            text = said.sub(sign, text)
    return text


def _alike_fenced(one: str, other: str) -> tuple[str, str]:
    if is_about_marks(one) or is_about_marks(other):
        return one, other
    if "```" not in one or "```" not in other:
        return _FENCE.sub("", one), _FENCE.sub("", other)
    if (_LANGUAGE.search(one) is None) != (_LANGUAGE.search(other) is None):
        return _LANGUAGE.sub(r"\1", one), _LANGUAGE.sub(r"\1", other)
    return one, other


def _alike_stressed(one: str, other: str) -> tuple[str, str]:
    """The same of emphasis; a shell and a notation of signs have none."""
    if (_EMPHASIS.search(one) is None) == (_EMPHASIS.search(other) is None):
        return one, other
    if any(map(_has_no_emphasis, (one, other))) or any(map(_is_glob, (one, other))):
        return one, other
    return _EMPHASIS.sub(r"\2", one), _EMPHASIS.sub(r"\2", other)


def _is_glob(text: str) -> bool:
    """Whether what stands between single marks is looked for in files or data: "*tmp*", "_id_"."""
    if lexicon.word_set("globbed").isdisjoint(_WORD.findall(text.casefold())):
        return False
    return any(
        len(marked[1]) == 1 and _is_name(marked[2].casefold())
        for marked in _EMPHASIS.finditer(text)
    )


def _is_name(word: str) -> bool:
    """Whether a word is none of everyday, as "tmp" and "id" are none."""
    if " " in word or word in lexicon.function_words():
        return False
    return len(word) <= _SHORT or stem(word) not in lexicon.common_stems()


def _has_no_emphasis(text: str) -> bool:
    """Whether a text speaks of a command, of a notation of signs, or of marks."""
    commands = lexicon.word_set("command_line") | lexicon.word_set("command_word")
    if SPELT_OUT.search(text) or is_about_marks(text):
        return True
    return not commands.isdisjoint(text.casefold().split())
