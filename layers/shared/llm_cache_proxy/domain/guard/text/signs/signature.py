"""The code, formulas and data of a whole text, line by line."""

import re
from collections.abc import Iterator

from llm_cache_proxy.domain.guard.text.signs.chunks import counting
from llm_cache_proxy.domain.guard.text.signs.code import QUOTES, Around
from llm_cache_proxy.domain.guard.text.signs.plain import SPELT_OUT, with_keys

_WORDS = re.compile(r"(?:[A-Za-z]++(?:'[A-Za-z]++)*+,? ?)*+[?.]?")
"""Words with a mark behind them at most, which have no sign; most prompts are no more."""
_ANY = re.compile(
    r"[^A-Za-z\d '?.,]|'(?!\w)(?<=\b[A-Za-z\d]')|\d ?[pmtx]|(?:^|\s)\.[A-Za-z]|\.\.| \?+ "
    r"|\w\?\w| [.,] "
)
"""The same, read faster: without any of these no sign below can be there."""
_SIGN = re.compile(
    r"(?![A-Za-z]{3})(?:"  # inside a word none begins, and most letters are there
    r" [^\w\s-]{1,3} (?:called|do|for|in|mean|stand)\b"
    r"|\n[ \t]+-\s|\n [\w-]+:\s|\d[!?]{2}"
    r"|[\[\]{}<>|\\^=*&~$%+/!_@;`#]|\w\(|\([^()]*,[^()]*\)|(?:^|[\s(])[-]\w|\n[ \t]{2,}\S"
    r"|-\s?\(|\)\s?-|\d ?x ?\d|\S:-|,\"|\",|\d (?:plus|minus|times) \d|(?:^|\s)[:.][A-Za-z]"
    r"|\(\w{1,2} (?:and|or) |\?:|::|[\dA-Za-z]:[A-Za-z]\b|\w\? [a-z]"
    r"|(?<!\.)\.{2,}\w|\w \.{1,3} |\w\"\w|\w!\s|\d!|\s\?+\s|\w\?\w|, ?\w+: |[A-Z][a-z]?\d*-(?!\w)"
    r"|[:;][-o']?[()\[\]]|\(:[a-z]|['\"](?!\w)(?<=\b[A-Za-z\d]['\"])|\s--"
    r"|[\"'](?:null|true|false|yes|no|on|off|\d[\d.]*)[\"']"
    r"|-(?:(?<=(?i:ctrl)-)|(?<=(?i:alt|cmd)-))|\de-\d|[a-z] [&;]|[a-z]; [a-z]"
    r"|\b[A-Za-z]-[A-Za-z]\b)"
)
"""Without any of these a text has nothing to compare here."""
_PRIMED = re.compile(r"(?<![\w'\"])(?<!\d[./])(?:[A-Za-z]|\d[\d./]*)(?:'{1,2}|\")(?![\w'\"])")
"""A prime, or feet and inches: "f'(x)", "6' tall"."""
_BRACKETED = re.compile(r"\(\w{1,2} (?:and|or) \w{1,2}\)")
"""What belongs together in a condition: "(a or b) and c"."""
_MENTIONED = re.compile(
    r"\b(?:write|wrote|use|used|spell|say|said|type|typed|put|does|is)\s+((?:it|you|they|who|we|he|she|let)'(?:s|re|ll))"
    r"(?=\W*$|\s+(?:mean|right|correct)\b)",
    re.IGNORECASE,
)
"""A contraction that is asked about, and its apostrophe with it: "When do I write it's?"."""
_OPENED = re.compile(r"(?:^|[\s(])[\"']\w")
_QUANTIFIED = re.compile(r"[#*+?^$|\\{}\[\]].|[#*+^$|\\{}\[\]]$")
TYPED = str.maketrans(
    {"\u00d7": "*", "\u00f7": "/", "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u2192": "->"}
    | {"\u2190": "<-", "\u21d2": "=>", "\u00b7": "*", "\u00b1": "+-"}
    | {"\u00ac": "!", "\u2227": "&", "\u2228": "|"}
)
"""Signs as they are typed where the keyboard lacks them."""
_TIMES = re.compile(r"(?<=[1-9])\s?x\s?(?=\d)|(?<=\d0)\s?x\s?(?=\d)")
"""The "x" of "3 x 4", which is no "0x4"."""
_REPLACED = re.compile(r"\[((?:your|my|the|an?|any|some|insert) [A-Za-z ]+)\]")
"""Brackets around what the reader is to fill in, as round ones are: "[your city]"."""
_BLOCK = re.compile(r"\b(for|if|switch|while)\s(?=\([^()\n]*(?:;|\)\s?\{))")
"""A word before the condition of a block: "if (x) {"."""
_OPENED_BLOCK = re.compile(r"\)\s\{")
_REDIRECTED = re.compile(r"(?<=\s)>(?=[A-Za-z./])")
"""What a file is written behind: "ls >a.txt"."""
_PRICED = re.compile(r"(?<=\s)\$\s(?=\d)")
_NO_LEVEL = "<"
"""What stands before a line whose indentation is that of no line above it."""
_FEET = re.compile(r"(?<=\d')\s(?=\d{1,2}\")")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LANGUAGE = re.compile(r"(?<![\w.+#])(?:[cC]\+\+|[cCfF]#|\.(?:NET|Net|net))(?![\w+#])")
"""Languages with a sign in their name, which is no code."""
_FIELD = r"""(?<![\w"'-])[A-Za-z_"'][\w"'-]*\s?[:=]\s?["']?[\w.@/-]*\w["']?"""
_RECORD = re.compile(rf"(?:{_FIELD}\s?[,;]\s?)+{_FIELD}(?:\s?[,;](?=\s|$))?")
"""Data written as "name: Bob, age: 5;", whose marks part one value from the next."""
_PARTING = re.compile(r"[,;:=]")


def signature(text: str) -> tuple[str, ...]:
    """The code, formulas and data of a text, in order; empty for prose."""
    if not text.isascii():
        text = text.translate(TYPED)
    if _WORDS.fullmatch(text) or _ANY.search(text) is None or _SIGN.search(text) is None:
        return tuple(_MENTIONED.findall(text)) if "'" in text else ()
    text = _plain(text)
    found = [*_line_by_line(text)]
    if SPELT_OUT.search(text):
        found.extend([*_expressions(text, found)])
    if ("'" in text or '"' in text) and _OPENED.search(text) is None:
        found.extend(_PRIMED.findall(text))
    if "(" in text:
        found.extend(_BRACKETED.findall(text))
    found.extend("".join(_PARTING.findall(record[0])) for record in _RECORD.finditer(text))
    return tuple(found)


def _plain(text: str) -> str:
    """The text with what may be written in several ways written in one."""
    if "=" in text:
        text = _without_equals(text)
    if "[" in text:
        text = _REPLACED.sub(r"(\1)", text)
    text = _TIMES.sub("*", text)
    if "{" in text or ";" in text:
        text = _OPENED_BLOCK.sub("){", _BLOCK.sub(r"\1", text))
    if "$ " in text:
        text = _PRICED.sub("$", text)
    if ">" in text:
        text = _REDIRECTED.sub("> ", text)
    if "'" in text:
        text = _FEET.sub("", text)
    if "," in text and "(" not in text and "[" not in text:
        text = _THOUSANDS.sub("", text)
    return with_keys(text)


def _line_by_line(text: str) -> Iterator[str]:
    depths = [0]
    text = _LANGUAGE.sub("L", text)
    around = Around(text)
    for number, line in enumerate(text.split("\n")):
        if not line.strip():
            continue
        if number and line[:1] in {" ", "\t"}:
            yield _indented(line, depths)
        else:
            if not line.startswith(("#", "//")):  # a comment closes no block
                depths = [0]
            yield from counting(_without_ticks(line).split(), around)


def _without_ticks(line: str) -> str:
    """The line without backticks around code; a single one may be code itself."""
    return line.replace("`", "") if line.count("`") != 1 else line


def _without_equals(text: str) -> str:
    """The text without the sign that asks for a result at its end: "2 + 2 = ?"."""
    end = text.rstrip("? \n")
    if not end.endswith("=") or end.count("\n"):
        return text
    asked = end[:-1].rstrip()
    return asked if asked[-1:].isdigit() or asked.endswith(")") else text


def _indented(line: str, depths: list[int]) -> str:
    """The line behind one space, or tab, a level; `depths` are the levels open above it.

    A line that goes back to no level keeps its indentation: Python would refuse it.
    """
    depth = len(line) - len(line.lstrip())
    closed = depth < depths[-1]
    while depth < depths[-1]:
        depths.pop()
    if closed and depth > depths[-1]:
        return _NO_LEVEL + line.rstrip()
    if depth > depths[-1]:
        depths.append(depth)
    return line[0] * (len(depths) - 1) + line.strip()


def _expressions(text: str, found: list[str]) -> Iterator[str]:
    """What is not `found` yet of the signs of a notation such as regular expressions."""
    for chunk in text.replace("`", "").rstrip("?.! ").split():
        expression = chunk.strip(QUOTES)
        if _QUANTIFIED.search(expression) and expression not in found:
            yield expression
