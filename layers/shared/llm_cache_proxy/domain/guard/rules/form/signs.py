"""Differences in the signs, brackets, capitals and indentation of code, formulas and data."""

import re
from collections.abc import Sequence

from llm_cache_proxy.domain.guard.pair.letter_case import is_pressed, other_argument
from llm_cache_proxy.domain.guard.pair.marks.between import other_marks
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.pair.placed import other_places
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.signs.loose import loose_signs
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_DEFINES = re.compile(
    r"\b(?:def|const|var|fn|import)\s+\w|\w\(|\bclass \w+\s?[:({]|\bSELECT\b.*\bFROM\b"
)
_DEFINING = ("(", "def", "const", "var", "fn", "import", "class ", "SELECT")


_QUERIES = {"select", "from"}
"""Words that make it a query, whose keywords may be written in any case."""
_SEVERAL = 2
_ASKED_QUOTES = frozenset({"quotes", "quoting", "unquoted"})
"""Words of a text about the quotes in its code."""
_SIGNS = frozenset({Kind.MARK, Kind.SYMBOL})
_HYPHENED = re.compile(r"\b([a-z]{2,})-([a-z]{2,}) ([a-z]{2,})")
_OWNERS = re.compile(r"\b([A-Za-z]{2,})s' ")
_NAMED = re.compile(r"\.([A-Za-z][\w-]*)|<([A-Za-z]\w+)>|#([A-Za-z]\w{2,})")
"""A kind of file, or a tag, whose mark may be left out where nothing else has the name."""


def _signs(pair: Pair) -> str | None:
    return _other_signature(pair) or other_places(pair)


def _other_signature(pair: Pair) -> str | None:
    a, b = _beside(pair.a, pair.b), _beside(pair.b, pair.a)
    if a == b:
        if a or _has_definition(pair) or _has_flag(pair):
            return _other_case(pair) or _other_loose(pair) or other_marks(pair)
        other = other_argument(pair.a, pair.b) or _other_literal(pair)
        other = (
            other
            or _other_clauses(pair)
            or _other_compound(pair)
            or _other_owner(pair.a.text, pair.b.text)
        )
        return other or _other_loose(pair) or other_marks(pair)
    if pair.retells:
        return None  # news: "[he]", "(nyse: PEP)"
    only = next((unit for unit in (*a, *b) if (unit in a) != (unit in b)), "their order")
    return f"written as {only.strip()[:40]}"


def _beside(one: Analysis, other: Analysis) -> tuple[str, ...]:
    """What `one` has of code, but for names that `other` writes without their mark: ".csv"."""
    if one.signature == other.signature:
        return one.signature
    return tuple(unit for unit in one.signature if not _goes_bare(unit, one, other))


def _goes_bare(unit: str, one: Analysis, other: Analysis) -> bool:
    name = _NAMED.fullmatch(unit)
    if name is None or unit in other.signature:
        return False
    if name[3] and ("computing" in one.classes or len(one.signature) > 1):
        return False  # an id of CSS, no hashtag
    bare = next(filter(None, name.groups())).casefold()
    marked = any(each.casefold().endswith((bare, bare + ">")) for each in other.signature)
    return bare in other.words and not marked and one.words.count(bare) < _SEVERAL


def _has_definition(pair: Pair) -> bool:
    return _defines(pair.a) and _defines(pair.b)


@once_a_text
def _defines(analysis: Analysis) -> bool:
    text = analysis.text
    for hint in _DEFINING:  # seldom is any there, and the pattern takes ten times as long
        if hint in text:
            return _DEFINES.search(text) is not None
    return False


def _has_flag(pair: Pair) -> bool:
    """Whether a command is typed out with its flags: "tar -xzf a"."""
    return bool(pair.a.code) and any(each[:1] == "-" for each in pair.a.code)


def _other_case(pair: Pair) -> str | None:
    """A word beside code that only one of two texts writes with a capital."""
    a, b = pair.a.plain, pair.b.plain
    if pair.a.words != pair.b.words or len(a) != len(b):
        return None
    named = (
        lexicon.classes()["computing"]
        | lexicon.word_set("keyboard")
        | frozenset(lexicon.named("languages")["programming"])
    )
    before = ""
    queries = lexicon.word_set("query") if {*pair.a.words} >= _QUERIES else frozenset()
    for at, (one, other) in enumerate(zip(a, b, strict=True)):
        is_named = one.word in queries or (
            one.word in named and before not in lexicon.word_set("loading")
        )
        ends = (one is a[-1] and one.kind is Kind.MARK) or is_pressed(a, at)
        ends = ends or _goes_on(one, other, a[at + 1 : at + 2])
        if one.raw != other.raw and not (one.opens or other.opens or is_named or ends):
            return f"written as {one.raw[:40]}"
        before = one.word
    return None


def _goes_on(one: Token, other: Token, behind: Sequence[Token]) -> bool:
    """Whether two marks only part code from what is said of it: "x > 3: why?", "x > 3; why?"."""
    if one.kind is not Kind.MARK or other.kind is not Kind.MARK or not behind:
        return False
    left, right = one.raw.strip(), other.raw.strip()
    if left == right:
        return bool(left)  # a line may end there or go on
    marks = {*left, *right}
    return marks <= {":", ";", ",", "."} and behind[0].word in lexicon.word_set("order")


def _other_literal(pair: Pair) -> str | None:
    """A word such as "True" that only one of two texts about a language writes with a capital."""
    a, b = pair.a.plain, pair.b.plain
    if pair.a.words != pair.b.words or len(a) != len(b) or "computing" not in pair.a.classes:
        return None
    if not lexicon.word_set("any_case_language").isdisjoint(pair.a.words):
        return None
    literals = lexicon.word_set("literal")
    before = ""
    for one, other in zip(a, b, strict=True):
        opens = one.opens or other.opens or before in {"a", "an"}  # "a NULL pointer"
        if one.raw != other.raw and one.word in literals and not opens:
            return f"written as {one.raw[:40]}"
        before = one.word
    return None


def _other_loose(pair: Pair) -> str | None:
    """A sign that only one of two texts has whose words are the same: "7-3", "7/3"."""
    if pair.a.content.keys() != pair.b.content.keys() or _spoken(pair.a) != _spoken(pair.b):
        return None
    computing = "computing" in pair.a.classes
    a, b = (loose_signs(each.text, computing=computing) for each in (pair.a, pair.b))
    if a == b and pair.a.signature and not _ASKED_QUOTES.isdisjoint(pair.a.words):
        a, b = ([mark for mark in each.text if mark in "\"'"] for each in (pair.a, pair.b))
    if a == b:
        return None
    return f"written with {''.join(a[:8]) or 'no signs'} and {''.join(b[:8]) or 'no signs'}"


def _spoken(analysis: Analysis) -> list[str]:
    """The words and numbers, without signs and marks."""
    return [token.word for token in analysis.plain if token.kind not in _SIGNS]


def _other_clauses(pair: Pair) -> str | None:
    """Keywords of a query in another order, where it counts: "Is WHERE run before HAVING?"."""
    if len(pair.a.words) != len(pair.b.words) or pair.a.words == pair.b.words:
        return None
    if lexicon.word_set("query").isdisjoint(pair.a.words):
        return None
    a, b = _clauses(pair.a), _clauses(pair.b)
    if a == b or sorted(a) != sorted(b):
        return None
    if not lexicon.word_set("list_joint").isdisjoint(pair.a.words):
        return None
    return f"{a[0]} before {b[0]}"


def _clauses(analysis: Analysis) -> list[str]:
    """The keywords of a query that stand in capitals, in order."""
    query = lexicon.word_set("query")
    return [
        token.word
        for token in analysis.plain
        if token.raw.isupper() and len(token.raw) > 1 and token.word in query
    ]


def _other_compound(pair: Pair) -> str | None:
    """A hyphen that moves to the next word: "small-business owner", "small business-owner"."""
    if "-" not in pair.a.text or "-" not in pair.b.text:
        return None
    texts = pair.a.text.casefold(), pair.b.text.casefold()
    for text, rest in (texts, texts[::-1]):
        for first, middle, last in _HYPHENED.findall(text):
            if f"{first} {middle}-{last}" in rest:
                return f"{first}-{middle} {last} and {first} {middle}-{last}"
    return None


def _other_owner(one: str, other: str) -> str | None:
    """One owner in one text and several in the other: "the dog's bowl", "the dogs' bowl"."""
    if "s' " not in one and "s' " not in other:
        return None
    for text, rest in ((one, other), (other, one)):
        for owner in _OWNERS.findall(text):
            if f"{owner}'s " in rest:
                return f"{owner}s' and {owner}'s"
    return None


SIGNS = Rule(
    name="signs",
    looks_at="signs, brackets, capitals and indentation in code, formulas and data",
    vetoes=(
        ("What is 3 + 5 * 2?", "What is (3 + 5) * 2?"),
        ("Convert -10 C to F", "Convert 10 C to F"),
        ("What does \\B match?", "What does \\b match?"),
        ("Explain y[3:]", "Explain y[:3]"),
        ("What does date +%Y print?", "What does date +%y print?"),
        ("Run this:\nif x:\n    y()\n    z()", "Run this:\nif x:\n    y()\nz()"),
        ("What is 3 - 8?", "What is 3 + 8?"),
        ("Is import Foo allowed?", "Is import foo allowed?"),
        ("What does sort < in > out do?", "What does sort < out > in do?"),
        ("What is the # sign for?", "What is the @ sign for?"),
        ("What does the regex .* match?", "What does the regex .+ match?"),
        ("What is 10²?", "What is 10³?"),
        ("Compute 6!", "Compute 6"),
        ("Is 6' wide?", 'Is 6" wide?'),
        ("What does # x do in Markdown?", "What does ## x do in Markdown?"),
        ("Do .env and env differ?", "Do env and env differ?"),
        ("What does push! in Julia do?", "What does push in Julia do?"),
        ("Is a 1:n relation slow?", "Is a 1:1 relation slow?"),
        ("What does yes & do in bash?", "What does yes do in bash?"),
        ("Is a used-car dealer rich?", "Is a used car-dealer rich?"),
        ("What is 7-3?", "What is 7/3?"),
        ("Is the margin -4px?", "Is the margin 4px?"),
        ("What is ::1?", "What is :1?"),
        ("What does a+? match?", "What does a+ match?"),
        ("What does lambda x: y do?", "What does lambda x, y do?"),
        ("What does Object... mean in Java?", "What does Object mean in Java?"),
        ("Is 1..5 a range?", "Is 1...5 a range?"),
        ('What is typeof "7" in JavaScript?', "What is typeof 7 in JavaScript?"),
        ("Run:\n  a()\n    b()\n   c()", "Run:\n  a()\n    b()\n    c()"),
    ),
    passes=(
        ("What is 17+5?", "What is 17 + 5?"),
        ("What is 17 plus 5?", "What is 17 + 5?"),
        ("What does `len(x)` do?", "what does len(x) do"),
        ("What can I buy for $20?", "What can I buy for 20 dollars?"),
        ("What does print() do?", "What does print do?"),
        ("What does E = mc^2 mean?", "What does E=mc^2 mean?"),
        ("What is #ootd?", "What is ootd?"),
        ("Explain recursion :)", "Explain recursion"),
        ("Who sang this (in 1999)?", "Who sang this in 1999?"),
        ("What is x² + 1?", "What is x^2 + 1?"),
        ("What does the regex \\d+ match?", "What is matched by the regex `\\d+`?"),
        ("Run:\n    a()\n        b()", "Run:\n  a()\n    b()"),
        ("Is x > 3: what does it mean?", "Is x > 3; what does it mean?"),
        ("What is 2 + 2?", "What is 2 + 2 = ?"),
        ("Explain the 80/20 rule", "Explain the 80-20 rule"),
        ("Greet [your guest]", "Greet (your guest)"),
    ),
    check=_signs,
    any_language=True,
)
