"""Cuts a text into tokens: words, numbers, identifiers, code, marks.

Never backtracks without bound: every alternative consumes a run of one class of characters.
"""

import re
from functools import cache
from typing import NamedTuple
from unicodedata import category

from llm_cache_proxy.domain.guard.text.cleaning import MARKS, without_accents
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem


class Kind:
    """What a token is.

    Plain numbers, as every loop over tokens asks for them: to look up the member of an enumeration
    takes four times as long, and did so a hundred times a pair.
    """

    WORD = 0
    NUMBER = 1
    IDENTIFIER = 2  # letters and digits mixed, snake_case, camelCase, dotted names
    CODE = 3  # URL, e-mail address, path, flag, fenced block
    DATE = 4
    TIME = 5
    VERSION = 6
    SYMBOL = 7  # operators and currency signs
    MARK = 8  # punctuation that separates clauses
    SIGN = 9  # one character of a script written without spaces


class Token(NamedTuple):
    """One token; `word` is case-folded, `capital` says it was written with a capital letter.

    `kind` is one of `Kind`. `opens` is true for the first word of a sentence, whose capital says
    nothing.
    """

    raw: str
    word: str
    stem: str
    kind: int
    capital: bool
    opens: bool


_ALTERNATIVES = r"""
    (?P<CODE>```.*?```
        | \b[a-z][a-z0-9+.-]{1,15}://[^\s<>"']+ | \bwww\.[^\s<>"']+
        | [\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}\w
        | (?<![\w/.)\]])(?:~|\.{1,2})?/[\w.~-][\w./~-]*
        | \b[A-Za-z]:\\[\w\\.-]+
        | (?<![\w-])--?[A-Za-z][\w-]*)
  | (?P<DATE>\b\d{4}-\d{1,2}-\d{1,2}\b | \b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b)
  | (?P<TIME>\b\d{1,2}:\d{2}(?!\d)(?::\d{2})?(?:\s?[ap]\.?m\b)? | \b\d{1,2}\s?[ap]\.?m\b\.?)
  | (?P<VERSION>\bv?\d+(?:\.\d+){2,}[\w-]* | \bv\d+(?:\.\d+)*\b)
  | (?P<LANGUAGE>\b(?:[cC]\+\+|[cCfFjJ]\#)(?!\w) | (?<!\w)\.(?:NET|net)\b
        | \bU\.(?:S\.(?:A\.)?|N\.|K\.))
  | (?P<INITIALS>(?<![\w.])(?:[A-Z]\.){2,}(?!\s?(?-i:[A-Z])))
  | (?P<NUMBER>\d{1,3}(?:,\d{2,3})+(?:\.\d+)?(?![\d,]*\d) | \d+(?:\.\d+)? | (?<!\w)\.\d+)
  | (?P<SIGN>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f])
  | (?P<WORD>LETTERS+(?:'[^\W\d_]+)*
        (?:[._][^\W_]\w*)* | _+\w*)
  | (?P<HYPHEN>(?<=[^\W\d_])-(?=[^\W\d_]))
  | (?P<MARK>[.!?;:,()\[\]{}\n"¿¡…।॥؟،؛。、，！？；：「」『』（）【】“”„«»]+)
  | (?P<SYMBOL>[+*/=<>^%&|~@$€£¥₹₩₽¢°×÷−\\\#-]+|[^\w\s])
"""
_LETTER = r"[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]"
_FLAGS = re.VERBOSE | re.DOTALL | re.IGNORECASE
_WORDS = re.compile(r"(?:[A-Za-z\s'?,!]++|\.(?!\w)|(?<=[A-Za-z])-(?=[A-Za-z]))*+")
"""Words and the marks of sentences alone, and hyphens between two letters."""
_PROSE = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*|[.!?,\n]+|[-']")
"""What the pattern comes to in a text of English words alone, which most prompts are."""
_PROSE_MARKS = frozenset(".!?,\n")
_SUFFIXES = frozenset({"st", "nd", "rd", "th", "k", "m", "mn", "bn", "b", "x", "s", "pc", "pct"})
_SIZE = re.compile(r"x(\d+)")
_ENDS_SENTENCE = frozenset(".!?\n")


def tokenise(text: str) -> tuple[Token, ...]:
    """The tokens of `text`, with contractions taken apart and possessive endings dropped."""
    if text.isascii() and _WORDS.fullmatch(text):
        return _prose(text)
    found: list[Token] = []
    opens = True
    prefix = ""
    number_end = -1
    irregular = _irregular()
    for match in _pattern(text).finditer(text):
        group = match.lastgroup or "SYMBOL"
        raw = match.group()
        glue = match.start() == number_end
        if group == "HYPHEN":
            prefix = _prefix_at(found)
            continue
        if group == "MARK":
            opens = opens or not _ENDS_SENTENCE.isdisjoint(raw)
            found.append(Token(raw, raw, raw, Kind.MARK, False, False))
            prefix = ""
            continue
        if group == "WORD" and not (prefix or glue) and raw.isalpha():
            folded = raw.casefold()
            if folded not in irregular:  # a plain word, as most are
                found.append(_word(raw, folded, opens=opens))
                opens = False
                continue
        if group == "INITIALS":  # "L.A.", no "J.K. Rowling"
            raw, group = raw.replace(".", ""), "WORD"
        if group == "WORD":
            if prefix and _takes(prefix, raw):
                raw, opens = found[-1].raw + raw, found.pop().opens
            _add_word(found, raw, opens=opens, glued=glue)
        else:
            found.append(_plain(raw, group))
        prefix = ""
        opens = opens and group == "SYMBOL"
        number_end = match.end() if found and found[-1].kind is Kind.NUMBER else -1
    return tuple(found)


def _prose(text: str) -> tuple[Token, ...]:
    """The same for a text of English words alone, where no number and no code can be."""
    found: list[Token] = []
    opens = True
    prefix = ""
    irregular, kind = _irregular(), Kind.WORD
    for raw in _PROSE.findall(text):
        if raw.isalpha() and not prefix:
            folded = raw.lower()
            if folded not in irregular:  # a plain word, as most are
                capital = raw != folded and raw[0].isupper()
                parts = (raw, folded, stem(folded), kind, capital, opens)
                found.append(tuple.__new__(Token, parts))  # half of what Token() takes
                opens = False
                continue
        if raw == "-":
            prefix = _prefix_at(found)
            continue
        if raw[0] in _PROSE_MARKS:
            opens = opens or not _ENDS_SENTENCE.isdisjoint(raw)
            found.append(Token(raw, raw, raw, Kind.MARK, False, False))
        elif raw == "'":
            found.append(_plain(raw, "SYMBOL"))
        else:
            whole = raw
            if prefix and _takes(prefix, raw):
                whole, opens = found[-1].raw + raw, found.pop().opens
            _add_word(found, whole, opens=opens, glued=False)
            opens = False
        prefix = ""
    return tuple(found)


def _pattern(text: str) -> re.Pattern[str]:
    if not text.isascii():
        return _full_pattern(rf"(?:{_LETTER}|[{MARKS}])")  # marks belong to their word
    return _full_pattern(_LETTER)


@cache
def _full_pattern(letter: str) -> re.Pattern[str]:
    """Compiled when a text first needs it: that takes longer than importing this module."""
    return re.compile(_ALTERNATIVES.replace("LETTERS", letter), _FLAGS)


def _prefix_at(found: list[Token]) -> str:
    """The negative prefix that the last token is; empty where it is another word."""
    word = found[-1].word
    return word if word in lexicon.word_set("prefix_joined") else ""


def _takes(prefix: str, raw: str) -> bool:
    """Whether prefix and word make one word: "un-clean", not "in-house"."""
    return prefix not in {"in", "im"} or raw.casefold() in lexicon.word_set("in_word")


_KINDS = {
    "CODE": Kind.CODE,
    "DATE": Kind.DATE,
    "TIME": Kind.TIME,
    "VERSION": Kind.VERSION,
    "LANGUAGE": Kind.WORD,
    "NUMBER": Kind.NUMBER,
    "SIGN": Kind.SIGN,
    "SYMBOL": Kind.SYMBOL,
}
"""Group of the pattern → what it finds, but for words and marks."""


def _plain(raw: str, group: str) -> Token:
    kind = _KINDS[group]
    word = raw.replace(".", "") if raw.upper().startswith("U.") else raw
    word = word if kind is Kind.CODE else word.casefold()
    return Token(raw, word, word, kind, capital=False, opens=False)


def _add_word(found: list[Token], raw: str, *, opens: bool, glued: bool) -> None:
    folded = raw.casefold()
    if glued and folded not in _SUFFIXES and folded not in lexicon.units():
        _add_glued(found, raw, opens=opens)
        return
    if folded == "no" and found and found[-1].word == "with":
        found[-1] = _word(raw, "without", opens=found[-1].opens)
        return
    parts = lexicon.contractions().get(folded)
    if parts is None and "'" in folded:
        parts = _taken_apart(folded)
    if parts is not None:
        found.extend(_word(part, part, opens=opens) for part in parts)
        if len(parts) == 1 and raw[0].isupper():  # a possessive keeps its capital
            found[-1] = found[-1]._replace(raw=raw, capital=True)
        elif len(parts) == 1:
            found[-1] = found[-1]._replace(raw=raw)
        return
    if raw.isalpha() or _is_spelled(raw):
        found.append(_word(raw, folded, opens=opens))
        return
    if "." in raw and not any(letter == "_" or letter.isdigit() for letter in raw):
        _add_dotted(found, raw, opens=opens)
        return
    kind = Kind.IDENTIFIER
    found.append(Token(raw, folded, folded, kind, capital=raw[0].isupper(), opens=opens))


def _add_glued(found: list[Token], raw: str, *, opens: bool) -> None:
    """What stands right behind a number: "3x4" is three tokens, "3rd1" and "0x4" are one."""
    size = _SIZE.fullmatch(raw.casefold())
    if size is not None and found[-1].word != "0":
        found.extend((_word("x", "x", opens=False), _plain(size[1], "NUMBER")))
        return
    joined = found.pop().raw + raw
    folded = joined.casefold()
    found.append(Token(joined, folded, folded, Kind.IDENTIFIER, capital=False, opens=opens))


@cache
def _irregular() -> frozenset[str]:
    """Words that are more than they look like."""
    return frozenset({"no"}) | lexicon.contractions().keys()


def _is_spelled(raw: str) -> bool:
    """Whether the word has letters and their combining marks alone."""
    return not raw.isascii() and all(each.isalpha() or category(each)[0] == "M" for each in raw)


def _add_dotted(found: list[Token], raw: str, *, opens: bool) -> None:
    """A dotted name such as os.path or Node.js; "end.Next" is two sentences."""
    head, _, tail = raw.partition(".")
    if len(raw) <= 2 * raw.count(".") + 1 and raw.islower():  # "e.g"
        joined = raw.replace(".", "")
        found.append(_word(joined, joined, opens=opens))
        return
    if tail[:1].islower() and not raw.isupper():
        folded = raw.casefold()
        found.append(
            Token(raw, folded, folded, Kind.IDENTIFIER, capital=raw[0].isupper(), opens=opens)
        )
        return
    found.append(_word(head, head.casefold(), opens=opens))
    found.extend(_word(part, part.casefold(), opens=True) for part in tail.split(".") if part)


def _word(raw: str, folded: str, *, opens: bool) -> Token:
    root = stem(folded if folded.isascii() else without_accents(folded))
    return tuple.__new__(Token, (raw, folded, root, Kind.WORD, raw[0].isupper(), opens))


def _taken_apart(folded: str) -> tuple[str, ...]:
    """The words of a contraction; a possessive ending disappears."""
    if folded.endswith("n't"):
        return (folded[:-3], "not") if len(folded) > len("n't") else ("not",)
    head, _, tail = folded.partition("'")
    if tail in {"s", ""}:
        return (head,) if head else ("s",)
    full = {"re": "are", "ve": "have", "ll": "will", "d": "would", "m": "am"}.get(tail)
    if full is not None and head:
        return (head, full)
    return tuple(part for part in folded.split("'") if part)
