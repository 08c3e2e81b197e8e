"""Whether a chunk of text is code, and the spelling of it that counts."""

import re
from functools import cached_property

from llm_cache_proxy.domain.guard.words import lexicon

CODE = re.compile(
    r"""
      [\[\]{}<>|\\^~=`]             # brackets and operators, a backtick that no other closes
    | \w\((?!e?s\)|(?:19|20)\d\d\b)  # a call, not "book(s)" or "Hamlet(1996)"
    | ::|&&|^[!&*]\w|\w\*\w|\*\.|\w\+\w
    | ^\$[A-Za-z_{(]|%[A-Za-z]      # variables, formats
    | ^\(\w+[:,]\w+\)$              # a pattern, a pair
    | ^:[a-z]\w+$                   # a keyword, a symbol
    | ^-[$\u20ac\u00a3\u00a5\u20b9]\d    # a loss: -$50
    | \w_\w|\w;\w
    | ^@[A-Za-z][\w-]*$|^\#[a-z][\w-]*$|^\.[A-Za-z][\w-]*$   # @media, #main, .main, no #Hashtag
    | ^(?![wcnNiI]/[oaAO]$|[aA]-[zZ]$)[A-Za-z]\d?[-/][A-Za-z]\d?$  # x/y, no w/o
    | \w\+$|^(?:[A-Z][a-z]?\d*){1,3}-$|\d[eE]-?\d    # Na+, OH-, 5e-3
    """,
    re.VERBOSE,
)
_PROSE = re.compile(
    r"[A-Z]{0,3}[$\u20ac\u00a3\u00a5\u20b9#@]?[\w']+"
    r"(?:(?:[-\u2013\u2014/.:&\u2026?!]|--|\.{3}|, ?)[$\u20ac\u00a3\u00a5\u20b9]?[\w']+)*"
    r"[%\u00b0'\"]*"
    r"|\W{1,3}|\w+\([\w-]*\)?|\(?\w+\)[\w-]*|.*[^\x00-\x7f].*"
)
"""A word of prose, perhaps joined to others, a number with its unit, or a mark between words."""
_ANY_CASE = re.compile(
    r"=[A-Za-z]+\([^\"']*|\.(?i:csv|json|txt|pdf|xml|ya?ml|html?|md|png|jpe?g|gif|exe|zip|docx?|xlsx?|pptx?|env|log|sql|mp[34])"
    r"|[A-Za-z]{4,}\+"
)
_AGGREGATE = re.compile(r"^(?:COUNT|SUM|AVG|MIN|MAX)(?=\()")
"""Functions of SQL, which may be written in any case."""
_SHELLS = re.compile(r"\b(?:bash|shell|sh|zsh)\b", re.IGNORECASE)
_EXPANDS = re.compile(r"[$`\\!]")
_CHARACTER = re.compile(r"'\\?[^'\\]{1,2}'|\"\\?[^\"\\]{1,2}\"")
_TYPED = frozenset({"C", "Java", "Go", "Rust", "Haskell", "Kotlin", "Scala", "L"})
"""Languages that have characters and strings; "L" stands for one with a sign in its name."""
_EITHER = re.compile(r"[A-Z]/[A-Z]-[a-z]+")
_VALUE = re.compile(r"([\"'])(?:null|true|false|yes|no|on|off|\d[\d.]*)\1")
_DATA = frozenset({"JSON", "YAML", "json", "yaml"})
ENDS = ".,?!:;"
QUOTES = "\"'“”„«»"


class Around:
    """The text around a line, of which is asked what it is about: found once, not for each line."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def names_shell(self) -> bool:
        """Whether the text speaks of a shell."""
        return _SHELLS.search(self._text) is not None

    @cached_property
    def words(self) -> frozenset[str]:
        """The chunks of the text without the marks behind them."""
        return frozenset(chunk.rstrip(ENDS) for chunk in self._text.split())


class Line(list[str]):
    """The chunks of a line, with what is asked of all of them found once and not for each."""

    def __init__(self, chunks: list[str], around: Around) -> None:
        super().__init__(chunks)
        self.around = around

    @cached_property
    def first_command(self) -> int:
        """Where the first command of a shell stands; behind all chunks where none does."""
        return next((at for at, chunk in enumerate(self) if is_command(chunk)), len(self))


def is_command(chunk: str) -> bool:
    """Whether a command stands there that may be given a folder: "cd ..", "find ."."""
    listed = lexicon.word_set("command_line"), lexicon.word_set("command_word")
    return any(chunk.casefold() in each for each in listed)


def is_code(core: str) -> bool:
    """Whether a chunk is no word, number or abbreviation of prose."""
    if not core or CODE.search(core):
        return bool(core)
    return not (_PROSE.fullmatch(core) or _PROSE.fullmatch(core.strip("()[]-/")))


def spelt(core: str) -> str:
    """A kind of file, or a name with a plus, in small letters; anything else as it is."""
    if _ANY_CASE.fullmatch(core):
        return core.casefold()
    return _AGGREGATE.sub(lambda name: name[0].casefold(), core) if "(" in core else core


def kept_quote(chunks: Line, at: int, core: str) -> str:
    """The quote of what a shell would read in another way in other quotes: '$HOME', "$HOME"."""
    quotes = at and chunks[at - 1].casefold() in lexicon.word_set("quoting")
    quotes = quotes or chunks.around.names_shell
    return chunks[at][0] if quotes and chunks[at][0] in "\"'" and _EXPANDS.search(core) else ""


def is_literal(chunks: Line, at: int) -> bool:
    """Whether the quotes of a chunk say what type it has: 'a' and "a" in C, "null" in JSON."""
    chunk = chunks[at].rstrip(ENDS)
    tells = _TYPED if _CHARACTER.fullmatch(chunk) else frozenset()
    tells |= _DATA if _VALUE.fullmatch(chunk) else frozenset()
    return bool(tells) and not tells.isdisjoint(chunks.around.words)


def core_of(chunk: str) -> str:
    """A chunk without the marks of the sentence around it."""
    core = chunk.strip(QUOTES).rstrip(ENDS).strip(QUOTES)
    if "://" in core and core[-2:] != "//":
        core = core.removesuffix("/")
    if core.startswith("(") and core.count("(") > core.count(")"):
        core = core[1:]
    if core.endswith(")") and core.count(")") > core.count("("):
        core = core[:-1]
    if _EITHER.fullmatch(core):  # "A/B-testing"
        core = core[:3]
    return core.removesuffix("()").rstrip(ENDS)
