"""The code, formulas and data of a whole text, line by line."""

import re
from collections.abc import Iterator

from llm_cache_proxy.domain.guard.text.signs.chunks import counting
from llm_cache_proxy.domain.guard.text.signs.code import QUOTES

_ANY = re.compile(
    r"[^A-Za-z\d '?.,]|'(?!\w)(?<=\b[A-Za-z\d]')|\d ?[pmtx]|(?:^|\s)\.[A-Za-z]|\.\.| \?+ "
    r"|\w\?\w| \. "
)
"""The same, read faster: without any of these no sign below can be there."""
_SIGN = re.compile(
    r"[\[\]{}<>|\\^=*&~$%+/!_@;`#]|\w\(|\([^()]*,[^()]*\)|(?:^|[\s(])[-]\w|\n[ \t]{2,}\S"
    r"|-\s?\(|\)\s?-|\d ?x ?\d|\S:-|,\"|\",|\d (?:plus|minus|times) \d|(?:^|\s)[:.][A-Za-z]"
    r"|\(\w{1,2} (?:and|or) |\?:|::|[\dA-Za-z]:[A-Za-z]\b|\w\? [a-z]"
    r"|(?<!\.)\.{2,}\w|\w \.{1,3} |\w\"\w|\w!\s|\d!|\s\?+\s|\w\?\w|, ?\w+: |[A-Z][a-z]?\d*-(?!\w)"
    r"|[:;][-o']?[()\[\]]|['\"](?!\w)(?<=\b[A-Za-z\d]['\"])|\s--"
    r"|\"(?:null|true|false|\d[\d.]*)\"|\de-\d|[a-z] [&;]|[a-z]; [a-z]|\b[A-Za-z]-[A-Za-z]\b"
)
"""Without any of these a text has nothing to compare here."""
_SPELT_OUT = re.compile(r"\b(?:regexp?|regular expression|glob|markdown)\b", re.IGNORECASE)
"""What is written in signs alone, each of which counts."""
_PRIMED = re.compile(r"(?<![\w'\"])(?<!\d[./])(?:[A-Za-z]|\d[\d./]*)(?:'{1,2}|\")(?![\w'\"])")
"""A prime, or feet and inches: "f'(x)", "6' tall"."""
_BRACKETED = re.compile(r"\(\w{1,2} (?:and|or) \w{1,2}\)")
"""What belongs together in a condition: "(a or b) and c"."""
_MENTIONED = re.compile(
    r"\b(?:write|use|spell|say|type|does|is)\s+((?:it|you|they|who|we|he|she|let)'(?:s|re|ll))"
    r"(?=\W*$|\s+(?:mean|right|correct)\b)",
    re.IGNORECASE,
)
"""A contraction that is asked about, and its apostrophe with it: "When do I write it's?"."""
_OPENED = re.compile(r"(?:^|[\s(])[\"']\w")
_QUANTIFIED = re.compile(r"[#*+?^$|\\{}\[\]].|[#*+^$|\\{}\[\]]$")
_TYPED = str.maketrans(
    {"\u00d7": "*", "\u00f7": "/", "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u2192": "->"}
    | {"\u2190": "<-", "\u21d2": "=>", "\u00b7": "*", "\u00b1": "+-"}
)
"""Signs as they are typed where the keyboard lacks them."""
_TIMES = re.compile(r"(?<=[1-9])\s?x\s?(?=\d)|(?<=\d0)\s?x\s?(?=\d)")
"""The "x" of "3 x 4", which is no "0x4"."""
_KEYS = re.compile(r"\b(?:ctrl|control|alt|shift|cmd|win)(?:\s?\+\s?\w+)+", re.IGNORECASE)
"""Keys that are pressed together: "Ctrl + C"."""
_LANGUAGE = re.compile(r"(?<![\w.+#])(?:[cC]\+\+|[cCfF]#|\.(?:NET|Net|net))(?![\w+#])")
"""Languages with a sign in their name, which is no code."""
_FIELD = r"""(?<![\w"'-])[A-Za-z_"'][\w"'-]*\s?[:=]\s?["']?[\w.@/-]*\w["']?"""
_RECORD = re.compile(rf"(?:{_FIELD}\s?[,;]\s?)+{_FIELD}(?:\s?[,;](?=\s|$))?")
"""Data written as "name: Bob, age: 5;", whose marks part one value from the next."""
_PARTING = re.compile(r"[,;:=]")


def signature(text: str) -> tuple[str, ...]:
    """The code, formulas and data of a text, in order; empty for prose."""
    if not text.isascii():
        text = text.translate(_TYPED)
    if _ANY.search(text) is None or _SIGN.search(text) is None:
        return tuple(_MENTIONED.findall(text)) if "'" in text else ()
    text = _TIMES.sub("*", text)
    text = _KEYS.sub(lambda keys: "".join(keys[0].casefold().split()), text)
    lines = _LANGUAGE.sub("L", text).split("\n")
    found: list[str] = []
    for number, line in enumerate(lines):
        if number and line[:1] in {" ", "\t"} and line.strip():
            found.append(line.rstrip())
        else:
            found.extend(counting(line.replace("`", "").split()))
    if _SPELT_OUT.search(text):
        found.extend(_expressions(text))
    if ("'" in text or '"' in text) and _OPENED.search(text) is None:
        found.extend(_PRIMED.findall(text))
    if "(" in text:
        found.extend(_BRACKETED.findall(text))
    found.extend("".join(_PARTING.findall(record[0])) for record in _RECORD.finditer(text))
    return tuple(found)


def _expressions(text: str) -> Iterator[str]:
    """The chunks of signs in a text about regular expressions, or another such notation."""
    for chunk in text.replace("`", "").rstrip("?.! ").split():
        expression = chunk.strip(QUOTES)
        if _QUANTIFIED.search(expression):
            yield expression
