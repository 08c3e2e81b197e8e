"""Short words whose capitals are their meaning: CO and Co, 5 mW and 5 MW, 5 Mb and 5 MB.

Speaks only of two texts that are the same but for capitals.
"""

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile

from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.technical import is_technical
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_CAMEL = re.compile(r"[A-Za-z]+[a-z][A-Z]")
_CHORD = re.compile(r"[A-G][mM]\d{1,2}")
"""A chord, which is minor or major: "Am7", "AM7"."""
_CAPTURE = re.compile(r"[bB]x?[a-h][1-8]")
"""A move in chess, of a bishop or of a pawn: "Bxc6", "bxc6"."""
_LONGEST_UNIT = 3
_MEMBER_NAME = re.compile(r"(?<![\w.])[A-Za-z]\w+\.([A-Za-z]\w{3,})(?![\w.]*\.[A-Za-z])")
_MEMBER = 4
"""Letters of a member's name; what is shorter is as often the "JS" of a product."""
_WITH_KEY = 2
_ARGUMENTS = 4
"""Words of a command line before the one that is looked at."""
_UNITS_BY_CASE = frozenset("sghtn")
"""Letters that are one unit as capitals and another one as small letters: siemens, seconds."""
_CALORIES = {"cal", "Cal"}
"""A calorie, and a thousand of them."""
_DATE_PART = re.compile(r"m{2,4}|h{2}|s{2,3}|d{2,4}|y{2,4}")
_DATING = frozenset({"format", "formats", "pattern", "datetime", "dateformat", "strftime"})
_ARTICLES = frozenset({"a", "an", "the"})
"""Behind them two letters are an abbreviation: "a VM", "the GC"."""
_EDITORS = frozenset({"vi", "vim", "nvim", "neovim", "emacs"})
_ENTERING = frozenset({"press", "pressing", "type", "typing", "run", "running", "hit", "enter"})
_SYMBOL = 2
"""Letters of a chemical formula or a code that another case makes another one."""


def other_symbol(a: Analysis, b: Analysis) -> str | None:
    """The first short word that is another one in the other text's capitals."""
    if a.words != b.words or len(a.tokens) != len(b.tokens):
        return None
    before: Token | None = None
    for one, other in zip(a.tokens, b.tokens, strict=True):
        if one.raw != other.raw and (
            _is_other_unit(before, one, other)
            or _is_other_formula(one, other)
            or _is_other_abbreviation(a, one, b, other)
            or _is_other_pair(before, a, one, b, other)
        ):
            return f"{one.raw} and {other.raw}"
        before = one
    return None


def _is_other_unit(before: Token | None, one: Token, other: Token) -> bool:
    """Whether a prefix is milli in one and mega in the other, or a unit is bits and bytes."""
    after_number = before is not None and before.kind is Kind.NUMBER
    left, right = one.raw.removesuffix("ps"), other.raw.removesuffix("ps")
    if one.kind is Kind.IDENTIFIER and left[:1].isdigit():
        left, right, after_number = left.lstrip("0123456789."), right.lstrip("0123456789."), True
    if after_number and {left, right} == {"mbit", "Mbit"}:
        return True
    if not after_number or not 0 < len(left) <= _LONGEST_UNIT or len(left) != len(right):
        return False
    if (len(left) == 1 and left.casefold() in _UNITS_BY_CASE) or {left, right} == _CALORIES:
        return True
    return {left[0], right[0]} == {"m", "M"} or {left[-1], right[-1]} == {"b", "B"}


def _are_symbols(one: Token, other: Token) -> bool:
    """Whether both are two letters that open no sentence; "ß" is one and has the word "ss"."""
    sizes = {len(one.raw), len(other.raw)}
    return sizes == {_SYMBOL} and one.raw.isalpha() and not (one.opens or other.opens)


def _is_other_formula(one: Token, other: Token) -> bool:
    """Whether two letters are both capitals in one text, and in the other only the first is."""
    if not _are_symbols(one, other):
        return False
    return one.capital and other.capital


def _is_other_abbreviation(a: Analysis, one: Token, b: Analysis, other: Token) -> bool:
    """Whether two careful texts write an abbreviation apart whose capitals count: "pKa", "PKA"."""
    if one.word != other.word:
        return False
    listed = one.word in lexicon.word_set("symbol_case")
    if _DATE_PART.fullmatch(one.word) and not _DATING.isdisjoint(a.words):
        listed = True  # "MM" is a month and "mm" minutes
    return listed and not (_is_careless(a) or _is_careless(b))


def _is_other_pair(
    before: Token | None, a: Analysis, one: Token, b: Analysis, other: Token
) -> bool:
    """Whether two letters are a symbol, a unit or what is typed: "pH", "5 Gs", "yy" in an editor.

    Elsewhere they are as often an abbreviation or a name in small letters.
    """
    if not _are_symbols(one, other):
        return False
    if one.word in lexicon.function_words() or one.word in lexicon.word_set("abbreviated"):
        return False
    computing = "computing" in a.classes and "computing" in b.classes
    if computing and _is_entered(before, a):
        return True
    if _is_careless(a) or _is_careless(b):
        return False
    if computing:
        return before is None or before.word not in _ARTICLES
    measured = before is not None and before.kind is Kind.NUMBER
    return measured or any(each.raw[0].islower() and each.raw[1].isupper() for each in (one, other))


def _is_entered(before: Token | None, analysis: Analysis) -> bool:
    """Whether a word is entered as it stands: "press gg", "dd" in an editor."""
    if before is not None and before.word in _ENTERING:
        return True
    return not _EDITORS.isdisjoint(analysis.words)


def _is_careless(analysis: Analysis) -> bool:
    """Whether a text is written in small letters alone, or in capitals alone."""
    return analysis.text.islower() or analysis.text.isupper()


def other_identifier(a: Analysis, b: Analysis) -> str | None:
    """The first name in camel case that is another one in the other text: myVar, MyVar."""
    if a.words != b.words or len(a.tokens) != len(b.tokens):
        return None
    for one, other in zip(a.tokens, b.tokens, strict=True):
        if one.raw == other.raw:
            continue
        camel = all(_CAMEL.match(each.raw) for each in (one, other))
        if camel or _is_other_compound(one, other) or _is_other_member(one, other):
            return f"{one.raw} and {other.raw}"
    return None


def _is_other_compound(one: Token, other: Token) -> bool:
    """Whether two formulas differ in capitals inside them: "H2SO4", "H2So4"."""
    raws = one.raw, other.raw
    if all(map(_CHORD.fullmatch, raws)) or all(map(_CAPTURE.fullmatch, raws)):
        return True
    if one.kind is not Kind.IDENTIFIER or any(raw.islower() or "." in raw for raw in raws):
        return False
    return any(raw[1:].lower() != raw[1:] and not raw.isupper() for raw in raws)


def _is_other_member(one: Token, other: Token) -> bool:
    """Whether a member of something is named in other capitals: "list.Sort", "list.sort"."""
    left, right = (each.raw.rpartition(".") for each in (one, other))
    return bool(left[0]) and len(left[2]) >= _MEMBER and left[2] != right[2]


def other_member(a: Analysis, b: Analysis) -> str | None:
    """The same where one name is read as two sentences: "fmt.Println", "fmt.println"."""
    if len(a.text) != len(b.text) or a.words == b.words or a.text.casefold() != b.text.casefold():
        return None
    named = zip(_MEMBER_NAME.findall(a.text), _MEMBER_NAME.findall(b.text), strict=False)
    return next((f"{one} and {other}" for one, other in named if one != other), None)


def other_argument(a: Analysis, b: Analysis) -> str | None:
    """A file, branch or package behind a command that only one text writes with a capital."""
    if a.words != b.words or len(a.plain) != len(b.plain):
        return None
    for at, (one, other) in enumerate(zip(a.plain, b.plain, strict=True)):
        if one.kind is Kind.MARK or one.raw == other.raw:
            continue
        if not (one.opens or other.opens) and _is_argument(a, at):
            return f"written as {one.raw[:40]}"
    return None


def is_pressed(tokens: Sequence[Token], at: int) -> bool:
    """Whether a letter names a key that is pressed with another one: "ctrl + c"."""
    if at < _WITH_KEY or tokens[at - 1].raw not in {"+", "-"}:
        return False
    return tokens[at - 2].word in lexicon.word_set("keyboard")


def _is_argument(analysis: Analysis, at: int) -> bool:
    """Whether a command stands before the word with nothing but its other arguments between."""
    tokens = analysis.plain
    if tokens[at].word in lexicon.classes()["computing"]:
        return False  # "npm install React"
    if at and tokens[at - 1].word in lexicon.word_set("naming"):
        return True
    run = list(takewhile(_is_typed, reversed(tokens[max(at - _ARGUMENTS, 0) : at])))
    typed = [token.word for token in reversed(run)]
    if not lexicon.word_set("command_line").isdisjoint(typed):
        return True
    if is_technical(analysis) and not lexicon.word_set("command_word").isdisjoint(typed):
        return True
    tools, parted = lexicon.word_set("command_with_subcommand"), lexicon.word_set("subcommand")
    return any(one in tools and then in parted for one, then in pairwise(typed))


def _is_typed(token: Token) -> bool:
    """Whether the token may be a part of what is typed behind a command."""
    return token.kind is not Kind.MARK and token.word not in lexicon.function_words()
