"""What counts of a line that was cut at its spaces: code, formulas, signs that stand alone."""

import re
from collections.abc import Iterator

from llm_cache_proxy.domain.guard.text.signs.alone import (
    FACE,
    is_asked,
    is_face,
    is_marked,
    is_place,
)
from llm_cache_proxy.domain.guard.text.signs.code import (
    Around,
    Line,
    core_of,
    is_code,
    is_literal,
    kept_quote,
    spelt,
)
from llm_cache_proxy.domain.guard.text.signs.formula import (
    SPOKEN,
    beside_relation,
    formula,
    formula_end,
    is_background,
    related,
)

_OPENING = re.compile(r"[{\[]|^`\(|\w\((?!e?s\))")
_GENERIC = re.compile(r"\b[A-Z]\w*<[\w?,.<]*$")
"""A type whose parameters go on behind a space: "List<? extends T>"."""
_QUOTED_SPACE = re.compile(r"([\"'])\0\1")
_WIDEST = 40
"""Chunks between two brackets."""
_ADDRESSED = re.compile(r"@\w+[,:!]")
_EDITOR = re.compile(r":(?![DPpOov]\b)[A-Za-z]{1,4}!?|\$[?!#@*$_]|\w+\?:")
"""A command of an editor, such as ":q!", but no smiley, and what a shell keeps, such as "$?"."""


def counting(chunks: list[str], around: Around) -> Iterator[str]:
    """What counts of a line that was cut at its spaces."""
    opens = any("{" in chunk or "[" in chunk or "(" in chunk or "<" in chunk for chunk in chunks)
    yield from _counting(Line(related(_grouped(chunks) if opens else chunks), around))


def _counting(chunks: Line) -> Iterator[str]:
    at = 0
    while at < len(chunks):
        if len(chunks[at]) > 1 and chunks[at].isalpha() and chunks[at] not in SPOKEN:
            at += 1  # a word, as most are
            continue
        face = chunks[at].rstrip(".,!?")
        if FACE.fullmatch(face) and is_face(chunks, at):
            yield face
            at += 1
            continue
        if _stands_alone(chunks, at):
            yield chunks[at]
            at += 1
            continue
        typed = chunks[at].rstrip(".,;")
        typed = typed if typed[:1] == "$" else typed.rstrip("?")
        if _EDITOR.fullmatch(typed):
            yield typed
            at += 1
        elif (end := formula_end(chunks, at)) > at:
            yield from formula(chunks, at, end)
            at = end
        else:
            core = "" if _ADDRESSED.fullmatch(chunks[at]) else core_of(chunks[at])
            if is_code(core) and not beside_relation(chunks, at):
                yield kept_quote(chunks, at, core) + spelt(core)
            at += 1


def _stands_alone(chunks: Line, at: int) -> bool:
    """Whether the chunk counts as it is written, whatever is in it."""
    if chunks[at][0] in "\"'":
        lisp = chunks[at][:2] == "'(" and chunks[at].count("'") == 1
        return lisp or is_literal(chunks, at)
    if chunks[at][-1] in "!?&" and (is_marked(chunks, at) or is_background(chunks, at)):
        return True
    return is_place(chunks, at) or is_asked(chunks, at)


def _grouped(chunks: list[str]) -> list[str]:
    """The chunks, with what stands between brackets of code as one: "{k: v}", "f(a, b)"."""
    found: list[str] = []
    at = 0
    while at < len(chunks):
        end = _closed_at(chunks, at) if _OPENING.search(chunks[at]) else at
        if end == at and _GENERIC.search(chunks[at]):
            end = _closed_at(chunks, at, "<", ">")
        found.append(_joined(chunks[at : end + 1]))
        at = end + 1
    return found


def _joined(chunks: list[str]) -> str:
    """The chunks as one, without the spaces between them but for one in quotes: "sep=' '"."""
    return _QUOTED_SPACE.sub(r"\1 \1", "\0".join(chunks)).replace("\0", "")


def _closed_at(chunks: list[str], start: int, opening: str = "([{", closing: str = ")]}") -> int:
    """Where the brackets that a chunk opens are closed; `start` if that is nowhere near."""
    depth = 0
    for at in range(start, min(start + _WIDEST, len(chunks))):
        depth += sum(map(chunks[at].count, opening)) - sum(map(chunks[at].count, closing))
        if depth <= 0:
            return at
    return start
