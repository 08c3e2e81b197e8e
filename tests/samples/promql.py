"""PromQL as far as our rules and panels write it: which series an expression names, and with what.

Strict where Prometheus is: a word that is neither a function nor a metric nor a label is an error.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

FUNCTIONS = frozenset(
    {"sum", "max", "min", "avg", "rate", "increase", "histogram_quantile", "clamp_min"}
)
_OVER_TIME = frozenset({"rate", "increase"})
_WORDS = frozenset({"and", "or", "unless"})
_GROUPING = re.compile(r"\b(?:by|without)\s*\(([^()]*)\)")
_DURATION = r"(?:\d+[smhdw])+|\$__rate_interval|\$__range"
_SERIES = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(?P<labels>[^{}]*)\})?"
    rf"\s*(?:\[(?P<range>{_DURATION})\])?(?P<call>\s*\()?"
)
_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')
_REST = re.compile(r"[\s\d.()+\-*/<>=!,]*")


class Malformed(Exception):
    """An expression that Prometheus, or a reader, would not understand."""


@dataclass(frozen=True)
class Series:
    """One series that an expression names: matchers by label, and whether over a range."""

    name: str
    matchers: Mapping[str, tuple[str, str]]
    ranged: bool
    inside: str = ""
    grouped_by: frozenset[str] = field(default_factory=frozenset)


def series_in(expression: str) -> list[Series]:
    """Every series of `expression`. Raises Malformed."""
    groups = frozenset(
        label.strip() for found in _GROUPING.findall(expression) for label in found.split(",")
    )
    text = _GROUPING.sub(" ", expression)
    _check_parentheses(text)
    found = list(_series(text, groups))
    if not found:
        raise Malformed(f"names no metric: {expression}")
    return found


def _series(text: str, groups: frozenset[str]) -> Iterator[Series]:
    calls: list[str] = []
    position = 0
    while position < len(text):
        rest = _REST.match(text, position)
        if rest is not None and rest.end() > position:
            _follow(rest.group(), calls)
            position = rest.end()
            continue
        found = _SERIES.match(text, position)
        if found is None:
            raise Malformed(f"cannot be read from here: {text[position : position + 40]!r}")
        position = found.end()
        name = found["name"]
        if name in _WORDS:  # a parenthesis behind it is read as such
            position = found.end("name")
        elif name in FUNCTIONS:
            if found["call"] is None:
                position = _opened(text, position)
            calls.append(name)
        elif found["call"] is not None:
            raise Malformed(f"{name} is no function")
        else:
            ranged = found["range"] is not None
            inside = calls[-1] if calls else ""
            if ranged != (inside in _OVER_TIME):
                raise Malformed(f"{name}: a range belongs into rate() or increase()")
            yield Series(name, _matchers(found["labels"] or ""), ranged, inside, groups)


def _opened(text: str, position: int) -> int:
    """After the parenthesis that follows a function, whose grouping has been cut out."""
    found = re.compile(r"\s*\(").match(text, position)
    if found is None:
        raise Malformed(f"a function without arguments before {text[position : position + 20]!r}")
    return found.end()


def _follow(signs: str, calls: list[str]) -> None:
    for sign in signs:
        if sign == "(":
            calls.append(calls[-1] if calls else "")
        elif sign == ")":
            calls.pop()


def _matchers(text: str) -> dict[str, tuple[str, str]]:
    matchers = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        found = _MATCHER.fullmatch(part)
        if found is None:
            raise Malformed(f"no matcher: {part}")
        matchers[found[1]] = (found[2], found[3])
    return matchers


def _check_parentheses(text: str) -> None:
    depth = 0
    for sign in re.sub(r'"[^"]*"', "", text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            break
    if depth:
        raise Malformed("parentheses do not match")
