"""Formulas: operators with what they join, spaces apart, and plain sums in one order."""

import re
from collections.abc import Iterator

from llm_cache_proxy.domain.guard.text.signs.code import CODE, ENDS, QUOTES, Line, core_of

_ATOM = re.compile(r"[-+*/%^=<>!&()\[\]|.,:;\d\"']*[A-Za-z]?[-+*/%^=<>!&()\[\]|.,:;?\d\"']*")
"""A chunk that may be a part of a formula: signs, digits, one letter at most."""
_OPERAND = re.compile(r"\d[\d.,]*|[A-Za-z]")
_OPERATORS = frozenset("+-*/%&?:")
_NAMES = re.compile(r"[A-Za-z]:")
"""A letter that a colon parts from the formula behind it: "solve for x: 2x = 8"."""
_COUNTING = frozenset({"calculate", "compute", "evaluate", "is", "of", "simplify", "what's"})
"""Words before "6!" that make it a factorial at the end of a text."""
_OPERATES = re.compile(
    r"[-+*/^!]|\w:[A-Za-z](?!\w)|\w\?\w|\w\?:|(?<![a-z])[a-z][&;][a-z](?![a-z])|\d%\d|[=<>!|\[\]]|[A-Za-z\d]\(|\([^()]*,[^()]*\)"
)
_NO_FORMULA = re.compile(
    r"[\d.,:]+(?:[-/][\d.,:]+){0,4}|[-+.,:;]*|[-+]?[A-Za-z]?[.,:;]*|[\d.,]+[A-Za-z%]?[.,:;]*"
)
"""Numbers, ranges, dates, telephone numbers, bullets."""
_COLUMNS = re.compile(r"\|?(?::?-+:?\|)+(?::?-+:?)?")
_DASHES = re.compile(r"-+")
_ARTICLED = re.compile(r"\d|<")
_SIGNED = re.compile(r"[\"'(]?-\.?\d")
RELATION = frozenset(
    {"=", "==", "===", "!=", "<", "<=", ">", ">=", "|", "||", "&&", ">>", "<<", "->", "=>"}
    | {":=", "+=", "-=", "*=", "/=", "//", "**", "^", "~"}
)
"""Operators whose neighbours are code as well."""
_BESIDE_SIGN = frozenset(
    {"do", "does", "is", "are", "between", "and", "or", "vs", "the", "of", "in", "mean", "differ"}
)
"""Words beside an operator that is asked about, and relates nothing."""
_SIGN_NAMES = frozenset(
    {"operator", "operators", "sign", "signs", "symbol", "symbols", "character", "arrow"}
)
_ARITHMETIC = frozenset("+-*/%")
_PART = re.compile(r"[\w.()\[\]^+*/%=<>-]+")
_CODED = re.compile(r"^[A-Za-z]$|[\d()\[\]+*=]")
"""A single letter, a number, or what has brackets."""
_BEHIND_COMMAND = frozenset({"do", "mean", "work", "in"})
_BESIDE_SIGN |= _SIGN_NAMES
_OPERATING = RELATION | _ARITHMETIC
SPOKEN = {"plus": "+", "minus": "-", "times": "*"}


def related(chunks: list[str]) -> list[str]:
    """The chunks, with two that an operator relates as one: "y = mx + b" is "y=mx+b"."""
    if _OPERATING.isdisjoint(chunks):
        return chunks
    found: list[str] = []
    joined: set[int] = set()
    at = 0
    while at < len(chunks):
        sign, after = chunks[at], chunks[at + 1] if at + 1 < len(chunks) else ""
        if found and after and sign in _OPERATING and _relates(found[-1], sign, after):
            last = after.rstrip(ENDS)
            sides = found[-1], last
            if not (last and all(side[0] in QUOTES for side in sides)):  # 'a' == "a"
                sides = _side(found[-1]), last.strip(QUOTES)
            found[-1] = sign.join(sides) + after[len(last) :]
            joined.add(len(found) - 1)
            at += 2
        else:
            found.append(sign)
            at += 1
    return [_in_order(each) if at in joined else each for at, each in enumerate(found)]


def _in_order(formula: str) -> str:
    """A plain sum with its parts in one order, and the marks of the sentence behind it."""
    core = formula.rstrip(ENDS)
    return _sorted_sum(core) + formula[len(core) :]


def _relates(before: str, sign: str, after: str) -> bool:
    """Whether an operator relates what stands beside it, and is no dash, bullet or bare sign."""
    if before[-1] in ENDS or {before, after} & _OPERATING:
        return False
    if sign in RELATION:
        return _is_named(before) and _is_named(after)
    last = after.rstrip(ENDS)
    if not (_PART.fullmatch(before) and _PART.fullmatch(last)):
        return False
    coded = bool(_CODED.search(before)) + bool(_CODED.search(last))
    return coded > (sign in "-/%")


def _is_named(chunk: str) -> bool:
    """Whether a chunk is no word of a sentence that asks about an operator beside it."""
    return chunk.rstrip(ENDS).casefold() not in _BESIDE_SIGN


def formula_end(chunks: Line, at: int) -> int:
    """Where the run of chunks ends that may be one formula; `at` if none starts there."""
    end = at
    while end < len(chunks) and (_ATOM.fullmatch(chunks[end]) or _is_spoken(chunks, end)):
        if end > at and is_background(chunks, end):
            break
        end += 1
        if _NAMES.fullmatch(chunks[end - 1]):
            break
    return end


def is_background(chunks: Line, at: int) -> bool:
    """Whether an "&" sends a command to the background, and is no "and": "sleep 9 & do"."""
    if chunks[at] != "&" or not at:
        return False
    if at == len(chunks) - 1 or chunks.around.names_shell:
        return True
    return chunks[at + 1].rstrip(ENDS).casefold() in _BEHIND_COMMAND


def _is_spoken(chunks: list[str], at: int) -> bool:
    """Whether an operator in words stands between two numbers."""
    beside = chunks[max(at - 1, 0) : at + 2 : 2]
    return chunks[at] in SPOKEN and len(beside) > 1 and all(each[:1].isdigit() for each in beside)


def formula(chunks: list[str], start: int, end: int) -> Iterator[str]:
    """The chunks from `start` to `end` as one formula, with the words that its ends relate."""
    before = chunks[start - 1] if start and chunks[start] in RELATION else ""
    after = chunks[end] if end < len(chunks) and chunks[end - 1] in RELATION else ""
    before, after = (each if _is_named(each) else "" for each in (before, after))
    alone = "".join(chunks[start:end]).rstrip(ENDS)
    if alone in RELATION and chunks[start].rstrip(ENDS) == alone and not (before or after):
        yield alone
        return
    if before or after:
        core = "".join(chunks[start:end])
        core = core if after else core.rstrip(".,?:;")
        yield _side(before) + core + _side(after)
        return
    if chunks[start] in {"a", "A"} and _ARTICLED.match("".join(chunks[start + 1 : end])):
        start += 1  # "a 1:n relation", "a <p>"
    joined = "".join(SPOKEN.get(chunk, chunk) for chunk in chunks[start:end])
    counted = start and chunks[start - 1].casefold() in _COUNTING
    ends = ".,?:;" if counted or end < len(chunks) else ENDS  # "What is 3!"
    joined = joined.strip("\"'").rstrip(ends).strip("\"'")
    if (joined == "*" and start) or (joined in _OPERATORS and _is_between_code(chunks, start, end)):
        yield joined
        return
    if _COLUMNS.fullmatch(joined) and ":" in joined:
        yield _DASHES.sub("-", joined)  # how the columns of a table are aligned
        return
    if _NO_FORMULA.fullmatch(joined) and not _SIGNED.match(joined):
        return
    if _SIGNED.match(joined) or (_OPERATES.search(joined) and _OPERAND.search(joined)):
        yield _sorted_sum(joined)


def _side(chunk: str) -> str:
    """A side of a relation; its brackets count, as in "a = 1 AND (b = 2 OR c = 3)"."""
    return chunk.strip(QUOTES).rstrip(ENDS).strip(QUOTES)


def _is_between_code(chunks: list[str], start: int, end: int) -> bool:
    """Whether code stands on either side: "x_1 + x_2", "s.a() % t_1"."""
    beside = chunks[max(start - 1, 0) : start] + chunks[end : end + 1]
    return any(CODE.search(core_of(chunk)) for chunk in beside)


def _sorted_sum(formula: str) -> str:
    """A plain sum or product with its parts in one order."""
    for sign in "+*":
        parts = formula.split(sign)
        if len(parts) > 1 and all(part.isalnum() for part in parts):
            return sign.join(sorted(parts))
    return formula


def beside_relation(chunks: list[str], at: int) -> bool:
    """Whether a relation beside the chunk has taken it already."""
    return any(
        chunk in RELATION
        for chunk in (chunks[max(at - 1, 0)], chunks[min(at + 1, len(chunks) - 1)])
    )
