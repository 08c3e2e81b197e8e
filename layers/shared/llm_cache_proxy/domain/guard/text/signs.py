"""What of a text is code, a formula or data, in the spelling that counts there.

Prose is left out, and so are marks that only end a sentence. Spaces count in the lines of a block
that are indented, and nowhere inside a formula.
"""

import re
from collections.abc import Iterator

from llm_cache_proxy.domain.guard.words import lexicon

_ANY = re.compile(
    r"[^A-Za-z\d '?.,]|'(?!\w)(?<=\b[A-Za-z\d]')|\d ?[pmtx]|(?:^|\s)\.[A-Za-z]|\.\.| \?+ "
    r"|\w\?\w| \. "
)
"""The same, read faster: without any of these no sign below can be there."""
_SIGN = re.compile(
    r"[\[\]{}<>|\\^=*&~$%+/!_@;`#]|\w\(|\([^()]*,[^()]*\)|(?:^|[\s(])[-]\w|\n[ \t]{2,}\S"
    r"|-\s?\(|\)\s?-|\d ?x ?\d|\S:-|,\"|\",|\d (?:plus|minus|times) \d|(?:^|\s)[:.][A-Za-z]"
    r"|\?:|::|\.{2,}\w|\w \.{1,3} |\w\"\w|\w!\s|\d!|\s\?+\s|\w\?\w|, ?\w+: |[A-Z][a-z]?\d*-(?!\w)"
    r"|[:;][-o']?[()\[\]]|['\"](?!\w)(?<=\b[A-Za-z\d]['\"])|\s--"
    r"|\de-\d|[a-z] [&;]|[a-z]; [a-z]|\b[A-Za-z]-[A-Za-z]\b"
)
"""Without any of these a text has nothing to compare here."""
_ATOM = re.compile(r"[-+*/%^=<>!&()\[\]|.,:;\d\"']*[A-Za-z]?[-+*/%^=<>!&()\[\]|.,:;?\d\"']*")
"""A chunk that may be a part of a formula: signs, digits, one letter at most."""
_OPERAND = re.compile(r"\d[\d.,]*|[A-Za-z]")
_OPERATORS = frozenset("+-*/%&?:")
_OPENING = re.compile(r"[{\[]|\w\((?!e?s\))")
_QUOTED_SPACE = re.compile(r"([\"'])\0\1")
_FEW = 3
"""Chunks of a text that is about its last one: "Explain :-)"."""
_WIDEST = 40
"""Chunks between two brackets."""
_NAMES = re.compile(r"[A-Za-z]:")
"""A letter that a colon parts from the formula behind it: "solve for x: 2x = 8"."""
_PLACE = re.compile(r"\.{1,2}/?|~|/|-|[\w.~-]*/\*?")
"""A folder, perhaps with all that is in it: "..", "./*", "src/"."""
_ALONE = re.compile(r"[@#$%^~*?!&|\\;]{1,3}|[.-]{2,3}")
_SIGN_NAMES = frozenset({"sign", "symbol", "operator", "character", "key"})
_BEFORE_SIGN = frozenset({"a", "an", "do", "does", "is", "of", "the"}) | _SIGN_NAMES
_BEHIND_SIGN = frozenset({"called", "do", "for", "match", "mean", "stand"}) | _SIGN_NAMES
_FACES = frozenset({"emoji", "emoticon", "face", "smiley"})
_COUNTING = frozenset({"calculate", "compute", "evaluate", "is", "of", "simplify", "what's"})
"""Words before "6!" that make it a factorial at the end of a text."""
_SPELT_OUT = re.compile(r"\b(?:regexp?|regular expression|glob|markdown)\b", re.IGNORECASE)
"""What is written in signs alone, each of which counts."""
_PRIMED = re.compile(r"(?<![\w'\"])(?:[A-Za-z]|\d[\d./]*)(?:'{1,2}|\")(?![\w'\"])")
"""A prime, or feet and inches: "f'(x)", "6' tall"."""
_OPENED = re.compile(r"(?:^|[\s(])[\"']\w")
_QUANTIFIED = re.compile(r"[#*+?^$|\\{}\[\]].|[#*+^$|\\{}\[\]]$")
_ADDRESSED = re.compile(r"@\w+[,:!]")
_FACE = re.compile(r"[:;=][-o']?[)(\]\[DPpOo/\\|3*]+|</?3")
_OPERATES = re.compile(
    r"[-+*/^!]|\w\?\w|\w\?:|(?<![a-z])[a-z][&;][a-z](?![a-z])|\d%\d|[=<>!|\[\]]|[A-Za-z\d]\(|\([^()]*,[^()]*\)"
)
_NO_FORMULA = re.compile(
    r"[\d.,:]+(?:[-/:][\d.,:]+){0,4}|[-+.,:;]*|[-+]?[A-Za-z]?[.,:;]*|[\d.,]+[A-Za-z%]?[.,:;]*"
)
"""Numbers, ranges, dates, telephone numbers, bullets."""
_SIGNED = re.compile(r"[\"'(]?-\.?\d")
_RELATION = frozenset(
    {"=", "==", "===", "!=", "<", "<=", ">", ">=", "|", "||", "&&", ">>", "<<", "->", "=>"}
    | {":=", "+=", "-=", "*=", "/=", "//", "**", "^", "~"}
)
"""Operators whose neighbours are code as well."""
_SPOKEN = {"plus": "+", "minus": "-", "times": "*"}
_CODE = re.compile(
    r"""
      [\[\]{}<>|\\^~=]              # brackets and operators
    | \w\((?!e?s\)|(?:19|20)\d\d\b)  # a call, not "book(s)" or "Hamlet(1996)"
    | ::|&&|^[!&*]\w|\w\*\w|\*\.|\w\+\w
    | ^\$[A-Za-z_{(]|%[A-Za-z]      # variables, formats
    | \w_\w|\w;\w
    | ^@[A-Za-z][\w-]*$|^\#[a-z][\w-]*$|^\.[A-Za-z][\w-]*$   # @media, #main, .main, no #Hashtag
    | ^(?![wcnNiI]/[oaAO]$|[aA]-[zZ]$)[A-Za-z][-/][A-Za-z]$  # x/y, no w/o
    | \w\+$|^(?:[A-Z][a-z]?\d*){1,3}-$|\d[eE]-?\d    # Na+, OH-, 5e-3
    """,
    re.VERBOSE,
)
_PROSE = re.compile(
    r"[A-Z]{0,3}[$\u20ac\u00a3\u00a5\u20b9#@]?[\w']+"
    r"(?:(?:[-\u2013\u2014/.,:&\u2026?!]|--|\.{3}|, ?)[$\u20ac\u00a3\u00a5\u20b9]?[\w']+)*"
    r"[%\u00b0'\"]*"
    r"|\W{1,3}|\w+\([\w-]*\)?|\(?\w+\)[\w-]*|.*[^\x00-\x7f].*"
)
"""A word of prose, perhaps joined to others, a number with its unit, or a mark between words."""
_EDITOR = re.compile(r":(?![DPpOov]\b)[A-Za-z]{1,4}!?|\$[?!#@*$_]|\w+\?:")
"""A command of an editor, such as ":q!", but no smiley, and what a shell keeps, such as "$?"."""
_ANY_CASE = re.compile(
    r"\.(?i:csv|json|txt|pdf|xml|ya?ml|html?|md|png|jpe?g|gif|exe|zip|docx?|xlsx?|pptx?|env|log|sql|mp[34])"
    r"|[A-Za-z]{4,}\+"
)
_TYPED = str.maketrans(
    {"\u00d7": "*", "\u00f7": "/", "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u2192": "->"}
    | {"\u2190": "<-", "\u21d2": "=>", "\u00b7": "*", "\u00b1": "+-"}
)
"""Signs as they are typed where the keyboard lacks them."""
_TIMES = re.compile(r"(?<=[1-9])\s?x\s?(?=\d)|(?<=\d0)\s?x\s?(?=\d)")
"""The "x" of "3 x 4", which is no "0x4"."""
_SHELLS = re.compile(r"\b(?:bash|shell|sh|zsh)\b", re.IGNORECASE)
_KEYS = re.compile(r"\b(?:ctrl|control|alt|shift|cmd|win)(?:\s?\+\s?\w+)+", re.IGNORECASE)
"""Keys that are pressed together: "Ctrl + C"."""
_LANGUAGE = re.compile(r"(?<![\w.+#])(?:[cC]\+\+|[cCfF]#|\.(?:NET|Net|net))(?![\w+#])")
"""Languages with a sign in their name, which is no code."""
_EXPANDS = re.compile(r"[$`\\!]")
_FIELD = r"""(?<![\w"'-])[A-Za-z_"'][\w"'-]*\s?[:=]\s?["']?[\w.@/-]*\w["']?"""
_RECORD = re.compile(rf"(?:{_FIELD}\s?[,;]\s?)+{_FIELD}(?:\s?[,;](?=\s|$))?")
"""Data written as "name: Bob, age: 5;", whose marks part one value from the next."""
_PARTING = re.compile(r"[,;:=]")
_ENDS = ".,?!:;"
_QUOTES = "\"'“”„«»"


def signature(text: str) -> tuple[str, ...]:
    """The code, formulas and data of a text, in order; empty for prose."""
    if not text.isascii():
        text = text.translate(_TYPED)
    if _ANY.search(text) is None or _SIGN.search(text) is None:
        return ()
    text = _TIMES.sub("*", text)
    text = _KEYS.sub(lambda keys: "".join(keys[0].casefold().split()), text)
    lines = _LANGUAGE.sub("L", text).split("\n")
    found: list[str] = []
    for number, line in enumerate(lines):
        if number and line[:1] in {" ", "\t"} and line.strip():
            found.append(line.rstrip())
        else:
            found.extend(_units(line.replace("`", "").split()))
    if _SPELT_OUT.search(text):
        found.extend(_expressions(text))
    if ("'" in text or '"' in text) and _OPENED.search(text) is None:
        found.extend(_PRIMED.findall(text))
    found.extend("".join(_PARTING.findall(record[0])) for record in _RECORD.finditer(text))
    return tuple(found)


def _expressions(text: str) -> Iterator[str]:
    """The chunks of signs in a text about regular expressions, or another such notation."""
    for chunk in text.replace("`", "").rstrip("?.! ").split():
        expression = chunk.strip(_QUOTES)
        if _QUANTIFIED.search(expression):
            yield expression


def _grouped(chunks: list[str]) -> list[str]:
    """The chunks, with what stands between brackets of code as one: "{k: v}", "f(a, b)"."""
    found: list[str] = []
    at = 0
    while at < len(chunks):
        end = _closed_at(chunks, at) if _OPENING.search(chunks[at]) else at
        found.append(_joined(chunks[at : end + 1]))
        at = end + 1
    return found


def _joined(chunks: list[str]) -> str:
    """The chunks as one, without the spaces between them but for one in quotes: "sep=' '"."""
    return _QUOTED_SPACE.sub(r"\1 \1", "\0".join(chunks)).replace("\0", "")


def _closed_at(chunks: list[str], start: int) -> int:
    """Where the brackets that a chunk opens are closed; `start` if that is nowhere near."""
    depth = 0
    for at in range(start, min(start + _WIDEST, len(chunks))):
        depth += sum(map(chunks[at].count, "([{")) - sum(map(chunks[at].count, ")]}"))
        if depth <= 0:
            return at
    return start


def _units(chunks: list[str]) -> Iterator[str]:
    """What counts of a line that was cut at its spaces."""
    if any("{" in chunk or "[" in chunk or "(" in chunk for chunk in chunks):
        chunks = _grouped(chunks)
    at = 0
    while at < len(chunks):
        if len(chunks[at]) > 1 and chunks[at].isalpha() and chunks[at] not in _SPOKEN:
            at += 1  # a word, as most are
            continue
        face = chunks[at].rstrip(".,!?")
        if _FACE.fullmatch(face) and _is_face(chunks, at):
            yield face
            at += 1
            continue
        end = _formula_end(chunks, at)
        if _is_place(chunks, at) or _is_asked(chunks, at):
            yield chunks[at]
            at += 1
            continue
        typed = chunks[at].rstrip(".,;")
        typed = typed if typed[:1] == "$" else typed.rstrip("?")
        if _EDITOR.fullmatch(typed):
            yield typed
            at += 1
        elif end > at:
            yield from _formula(chunks, at, end)
            at = end
        else:
            core = "" if _ADDRESSED.fullmatch(chunks[at]) else _core(chunks[at])
            if _is_code(core) and not _beside_relation(chunks, at):
                yield _kept_quote(chunks, at, core) + _spelt(core)
            at += 1


def _is_face(chunks: list[str], at: int) -> bool:
    """Whether a smiley is what a text is about, and no greeting at its end."""
    return 1 < len(chunks) <= _FEW or 0 < at < len(chunks) - 1 or chunks[at - 1] in _FACES


def _is_place(chunks: list[str], at: int) -> bool:
    """Whether a folder stands there that a command is given: "cd ..", "rm -r ./*"."""
    if not at or _PLACE.fullmatch(chunks[at]) is None:
        return False
    behind_flag = chunks[at - 1][0] == "-" and any(map(_is_command, chunks[:at]))
    return behind_flag or _is_command(chunks[at - 1])


def _is_asked(chunks: list[str], at: int) -> bool:
    """Whether a sign stands there alone that is asked about, or that parts two commands."""
    if chunks[at] in _RELATION or not _ALONE.fullmatch(chunks[at]) or not 0 < at < len(chunks) - 1:
        return False
    before, behind = chunks[at - 1].casefold(), chunks[at + 1].rstrip(_ENDS).casefold()
    return chunks[at] == ";" or (before in _BEFORE_SIGN and behind in _BEHIND_SIGN)


def _is_command(chunk: str) -> bool:
    """Whether a command stands there that may be given a folder: "cd ..", "find ."."""
    listed = lexicon.word_set("command_line") | lexicon.word_set("command_word")
    return chunk.casefold() in listed


def _is_code(core: str) -> bool:
    """Whether a chunk is no word, number or abbreviation of prose."""
    if not core or _CODE.search(core):
        return bool(core)
    return not (_PROSE.fullmatch(core) or _PROSE.fullmatch(core.strip("()[]-/")))


def _spelt(core: str) -> str:
    """A kind of file, or a name with a plus, in small letters; anything else as it is."""
    return core.casefold() if _ANY_CASE.fullmatch(core) else core


def _kept_quote(chunks: list[str], at: int, core: str) -> str:
    """The quote of what a shell would read in another way in other quotes: '$HOME', "$HOME"."""
    quotes = at and chunks[at - 1].casefold() in lexicon.word_set("quoting")
    quotes = quotes or any(map(_SHELLS.search, chunks))
    return chunks[at][0] if quotes and chunks[at][0] in "\"'" and _EXPANDS.search(core) else ""


def _formula_end(chunks: list[str], at: int) -> int:
    end = at
    while end < len(chunks) and (_ATOM.fullmatch(chunks[end]) or _is_spoken(chunks, end)):
        end += 1
        if _NAMES.fullmatch(chunks[end - 1]):
            break
    return end


def _is_spoken(chunks: list[str], at: int) -> bool:
    """Whether an operator in words stands between two numbers."""
    beside = chunks[max(at - 1, 0) : at + 2 : 2]
    return chunks[at] in _SPOKEN and len(beside) > 1 and all(each[:1].isdigit() for each in beside)


def _formula(chunks: list[str], start: int, end: int) -> Iterator[str]:
    """The chunks from `start` to `end` as one formula, with the words that its ends relate."""
    before = chunks[start - 1] if start and chunks[start] in _RELATION else ""
    after = chunks[end] if end < len(chunks) and chunks[end - 1] in _RELATION else ""
    if before or after:
        core = "".join(chunks[start:end])
        yield " ".join(each for each in (_side(before), core, _side(after)) if each)
        return
    joined = "".join(_SPOKEN.get(chunk, chunk) for chunk in chunks[start:end])
    counted = start and chunks[start - 1].casefold() in _COUNTING
    ends = ".,?:;" if counted or end < len(chunks) else _ENDS  # "What is 3!"
    joined = joined.strip("\"'").rstrip(ends).strip("\"'")
    if joined == "*" or (joined in _OPERATORS and _is_between_code(chunks, start, end)):
        yield joined
        return
    if _NO_FORMULA.fullmatch(joined) and not _SIGNED.match(joined):
        return
    if _SIGNED.match(joined) or (_OPERATES.search(joined) and _OPERAND.search(joined)):
        yield _sorted_sum(joined)


def _side(chunk: str) -> str:
    """A side of a relation; its brackets count, as in "a = 1 AND (b = 2 OR c = 3)"."""
    return chunk.strip(_QUOTES).rstrip(_ENDS).strip(_QUOTES)


def _is_between_code(chunks: list[str], start: int, end: int) -> bool:
    """Whether code stands on either side: "x_1 + x_2", "s.a() % t_1"."""
    beside = chunks[max(start - 1, 0) : start] + chunks[end : end + 1]
    return any(_CODE.search(_core(chunk)) for chunk in beside)


def _sorted_sum(formula: str) -> str:
    """A plain sum or product with its parts in one order."""
    for sign in "+*":
        parts = formula.split(sign)
        if len(parts) > 1 and all(part.isalnum() for part in parts):
            return sign.join(sorted(parts))
    return formula


def _beside_relation(chunks: list[str], at: int) -> bool:
    """Whether a relation beside the chunk has taken it already."""
    return any(
        chunk in _RELATION
        for chunk in (chunks[max(at - 1, 0)], chunks[min(at + 1, len(chunks) - 1)])
    )


def _core(chunk: str) -> str:
    """A chunk without the marks of the sentence around it, and without emphasis."""
    core = chunk.strip(_QUOTES).rstrip(_ENDS).strip(_QUOTES)
    if core[:1] in {"*", "_"} and core[-1:] == core[:1]:
        core = core.strip(core[0])
    if core.startswith("(") and core.count("(") > core.count(")"):
        core = core[1:]
    if core.endswith(")") and core.count(")") > core.count("("):
        core = core[:-1]
    return core.removesuffix("()").rstrip(_ENDS)
