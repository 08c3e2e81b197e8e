"""Signs that count where they stand alone: smileys, folders, signs that are asked about."""

import re

from llm_cache_proxy.domain.guard.text.signs.code import ENDS, Line, is_command
from llm_cache_proxy.domain.guard.text.signs.formula import RELATION
from llm_cache_proxy.domain.guard.words import lexicon

_FEW = 3
"""Chunks of a text that is about its last one: "Explain :-)"."""
_PLACE = re.compile(r"\.{1,2}/?|~|/|-|[\w.~-]*/\*?")
"""A folder, perhaps with all that is in it: "..", "./*", "src/"."""
_ALONE = re.compile(r"[@#$%^~*?!&|\\;]{1,3}|[.-]{2,3}")
_ANY = re.compile(r"[^\w\s]{1,3}")
_MEANING = frozenset({"called", "do", "mean", "stand"})
"""Words behind a sign that is asked about, whichever it is: "What does § mean?"."""
_MOVE = re.compile(r"[KQRBN]?[a-h]?[1-8]?x?[a-h][1-8](?:=[QRBN])?[+#]?[!?]{2}")
"""A move in chess that is judged: "Kf1??"."""
_JOINS = frozenset("@$")
_SHORT = 2
"""Letters of a name in a formula: "x @ xs"."""
_SIGN_NAMES = frozenset({"sign", "symbol", "operator", "character", "key"})
_BEFORE_SIGN = frozenset({"a", "an", "do", "does", "is", "of", "the"}) | _SIGN_NAMES
_BEHIND_SIGN = frozenset({"called", "do", "for", "in", "match", "mean", "stand"}) | _SIGN_NAMES
_MARKED = re.compile(r"[A-Za-z_]\w*[!?]")
_NAMING = frozenset(
    {"a", "an", "and", "between", "call", "do", "does", "is", "of", "or", "the", "use"}
)
_SPEAKING = frozenset({"do", "does", "word", "reply"})
_FACES = frozenset({"emoji", "emoticon", "face", "smiley"})
FACE = re.compile(r"[:;=][-o']?[)(\]\[DPpOo/\\|3*]+|</?3")


def is_face(chunks: list[str], at: int) -> bool:
    """Whether a smiley is what a text is about, and no greeting at its end."""
    before = chunks[at - 1].casefold() if at else ""
    if at == len(chunks) - 1:
        short = len(chunks) == _FEW - 1 or before in lexicon.function_words()
        return before in _FACES or (1 < len(chunks) <= _FEW and short)
    return at > 0 and before.rstrip(ENDS) not in lexicon.word_set("greeting")


def is_place(chunks: Line, at: int) -> bool:
    """Whether a folder stands there that a command is given: "cd ..", "rm -r ./*"."""
    if not at or _PLACE.fullmatch(chunks[at]) is None:
        return False
    behind_flag = chunks[at - 1][0] == "-" and chunks.first_command < at
    return behind_flag or is_command(chunks[at - 1])


def is_asked(chunks: list[str], at: int) -> bool:
    """Whether a sign stands there alone that is asked about, or that parts two commands."""
    if chunks[at] in RELATION or not _ANY.fullmatch(chunks[at]) or not 0 < at < len(chunks) - 1:
        return False
    before, behind = chunks[at - 1].casefold(), chunks[at + 1].rstrip(ENDS).casefold()
    if not _ALONE.fullmatch(chunks[at]):
        return before in _BEFORE_SIGN and behind in _MEANING
    if chunks[at] in _JOINS and max(len(before), len(behind)) <= _SHORT:
        return before.isalnum() and behind.isalnum()
    return chunks[at] == ";" or (before in _BEFORE_SIGN and behind in _BEHIND_SIGN)


def is_marked(chunks: list[str], at: int) -> bool:
    """Whether a word is named with a mark that ends no sentence: "Is sort! in Ruby slow?"."""
    if _MOVE.fullmatch(chunks[at]):
        return True
    if not 0 < at < len(chunks) - 1 or _MARKED.fullmatch(chunks[at]) is None:
        return False
    before, behind = chunks[at - 1], chunks[at + 1]
    if not behind.islower() or chunks[at][:-1].casefold() in lexicon.function_words():
        return False
    return before in (_SPEAKING if chunks[at][-1] == "?" else _NAMING)
