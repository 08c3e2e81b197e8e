"""What may stand around a whole prompt and says nothing of it: emphasis, quotes, a bullet, "1.".

Speaks of a single line of several words alone: around a word or in a list, marks have a meaning,
and so they have where a text asks about them.
"""

import re

from llm_cache_proxy.domain.guard.words import lexicon

_OPENS = frozenset("*_\"'`\u201c\u201d\u201e\u00ab(-\u2022\u2192>#123456789abcd")
_LEADS = re.compile(
    r"(?:(\d{1,2}[.)])|[a-d]\)|[-*>\u2022\u2192]|#{1,6})[ \t]+(?=([A-Za-z]{2,})[ \t'])"
)
"""A bullet, a number or the mark of a heading or a quotation before a word."""
_AROUND = (
    re.compile(r"(\*{1,3}|_{1,3})(?=\w)([^*_]{3,})(?<=[\w?.!])\1"),
    re.compile(r"([\"`])([^\"`]{3,})\1"),
    re.compile(r"(')((?:[^']|\w'(?=\w)){3,})'"),
    re.compile(
        r"([\u201c\u201d\u201e\u00ab])([^\u201c\u201d\u201e\u00ab\u00bb]{3,})[\u201c\u201d\u00bb]"
    ),
    re.compile(r"(\()([^()]{3,})\)"),
)
_LETTERS = re.compile(r"[a-z]+")
_FEW_GAPS = 2
_SHELL_PROMPT = re.compile(r"^\$ (?=[a-z])", re.MULTILINE)


def unwrapped(text: str) -> str:
    """The text without what stands around all of it; a text of a few words is left as it is.

    A shell's prompt goes from every line.
    """
    if "$ " in text:
        text = _SHELL_PROMPT.sub("", text)
    bare = text.strip()
    if bare[:1] not in _OPENS or "\n" in bare or bare.count(" ") < _FEW_GAPS:
        return text
    if is_about_marks(bare):
        return text
    lead = _LEADS.match(bare)
    if lead and lead[1] and lead[2].casefold() not in lexicon.word_set("order"):
        lead = None  # "5. Symphony"
    bare = bare[lead.end() :] if lead else bare
    for around in _AROUND:
        found = around.fullmatch(bare)
        if found is not None and found[2].count(" ") >= _FEW_GAPS and found[2][:1].isalpha():
            return found[2]
    return bare if lead else text


def is_about_marks(text: str) -> bool:
    """Whether a text speaks of marks or of how they show, which may be what it asks about."""
    return not lexicon.word_set("about_marks").isdisjoint(_LETTERS.findall(text.casefold()))
