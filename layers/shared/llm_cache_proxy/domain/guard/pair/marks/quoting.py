"""Whether quotes that only one of two texts has, or another kind of them, tell the texts apart.

In prose they never do. In code they make a value a string, keep a name from a shell, and in many
a language one kind of them is not the other.
"""

import re

from llm_cache_proxy.domain.guard.pair.marks.around import Around
from llm_cache_proxy.domain.guard.pair.marks.gaps import Difference
from llm_cache_proxy.domain.guard.text.wrapping import is_about_marks

QUOTES = "\"'`"
_NO_QUOTE = re.compile(r"[^\"'`]")
_LITERAL = re.compile(r"(?:true|false|null|none|nil|undefined|yes|no|on|off|\d+)", re.IGNORECASE)
_NO_WORD = re.compile(r"null|nil|undefined|nan", re.IGNORECASE)
_MEANT = frozenset({"mean", "means", "meaning"})
_CODED = frozenset("=([{<>+")
_QUERY = re.compile(r"\b(?:SELECT|WHERE|INSERT|UPDATE)\b")


def quotes_tell(difference: Difference, around: Around) -> bool:
    """Whether the quotes at one place tell two texts apart."""
    one, other = difference.one, difference.other
    left, right = (_NO_QUOTE.sub("", each) for each in (one, other))
    if difference.before and " " not in one + other and {left, right} == {"'", ""}:
        return False  # "it's" and "its"
    if left and right:
        return _is_other_kind(difference, left, right, around)
    text, gap = (around.pair.a.text, one) if left else (around.pair.b.text, other)
    quotes = left or right
    if around.speaks_of("about_quotes"):
        return True
    if quotes[0] == "`":
        return around.is_code and "\n" in gap and is_about_marks(text)
    whole = difference.quoted if f"{quotes}{difference.quoted}{quotes}" in text else ""
    if whole and _is_value(whole, around):
        return True
    return around.is_code and (
        _opens_alone(difference, quotes, text)
        or (bool(whole) and _QUERY.search(text) is not None)
        or (quotes == '"' and around.speaks_of("separated"))
        or ("*" in gap and ("'*" in gap or '"*' in gap or "find" in around.words))
        or not _CODED.isdisjoint(gap)
    )


def _is_value(quoted: str, around: Around) -> bool:
    """Whether quotes make the word a string that would be a value; what it means they do not."""
    literal = _LITERAL if around.is_code else _NO_WORD
    return literal.fullmatch(quoted) is not None and _MEANT.isdisjoint(around.words)


def _opens_alone(difference: Difference, quotes: str, text: str) -> bool:
    """Whether a quote that nothing closes opens the text: a lifetime, a symbol of Lisp."""
    return quotes == "'" and not difference.before and text.count("'") == 1


def _is_other_kind(difference: Difference, left: str, right: str, around: Around) -> bool:
    """Whether either kind of quotes says another thing."""
    if set(left) == set(right):
        return left != right and around.is_code  # three of them and one
    if "`" in left + right:
        return around.speaks_of("shell") or ("$" in difference.one and "'" in left + right)
    text = around.pair.a.text
    if any(text.count(mark) % 2 for mark in {*left, *right} - {"'"}):
        return True
    return bool(difference.before and difference.after) and _is_other_value(
        difference, left, right, around
    )


def _is_other_value(difference: Difference, left: str, right: str, around: Around) -> bool:
    """Whether a key or a value is put in other quotes, in a format that tells them apart."""
    text = around.pair.a.text
    if not _CODED.isdisjoint(difference.one) or ":" in difference.one:
        return around.speaks_of("two_quotes")
    whole = any(f"{mark}{difference.quoted}{mark}" in text for mark in (left, right))
    return whole and (around.speaks_of("data_quotes") or _QUERY.search(text) is not None)
