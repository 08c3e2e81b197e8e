"""Text that stands between tags, or between three marks of one kind."""

import re
from typing import NamedTuple

_OPENER = re.compile(r"[<\[]([A-Za-z][\w-]{0,30})(?![\w-])[^<>\[\]\n]{0,80}[>\]]|\"{3}|'{3}|<{2,3}")
"""What text may stand behind: a tag, or three marks of one kind."""
_OPENING = ("<", "[", '"""', "'''")
"""With one of these each of them begins."""
_WORD = re.compile(r"\w")


class Enclosed(NamedTuple):
    """Text between two marks, and where the marks with it start and stop."""

    start: int
    inside: str
    stop: int


def enclosed_in(text: str) -> list[Enclosed]:
    """The pieces of text that stand between tags, or between three marks of one kind.

    Looks once for a closing mark that does not come: a log has a bracket in every line.
    """
    found: list[Enclosed] = []
    if not any(map(text.__contains__, _OPENING)):
        return found
    at = 0
    unclosed: set[tuple[str, ...]] = set()
    while (opener := _OPENER.search(text, at)) is not None:
        closers = _closers(opener)
        ends = () if closers in unclosed else map(text.find, closers, (opener.end(),) * 2)
        closed_at = min((end for end in ends if end >= 0), default=-1)
        if closed_at < 0:
            unclosed.add(closers)
            at = opener.start() + 1
            continue
        if _WORD.search(text, opener.end(), closed_at):
            at = closed_at + len(closers[0])
            found.append(Enclosed(opener.start(), text[opener.end() : closed_at], at))
        else:
            at = closed_at
    return found


def _closers(opener: re.Match[str]) -> tuple[str, ...]:
    """The marks either of which closes what `opener` opens."""
    if opener[1]:
        return f"</{opener[1]}>", f"[/{opener[1]}]"
    return (">>",) if opener[0][0] == "<" else (opener[0],)


def without(text: str, enclosed: list[Enclosed]) -> str:
    """What is left of a text around what is enclosed and its marks, on lines of its own."""
    starts = [0, *(each.stop for each in enclosed)]
    stops = [*(each.start for each in enclosed), len(text)]
    return "\n".join(text[start:stop] for start, stop in zip(starts, stops, strict=True))
