"""Cuts an answer into its sentences, list items and code blocks.

Never interprets Markdown beyond the signs that open a line, and never raises on any text.
"""

import re

MOST_PIECES = 12
LONGEST_ANSWER = 4_000
"""Characters of an answer, and pieces of it, that are compared: so that cost stays bounded."""

_OPENING = re.compile(r"^\s*(?:[#>*+\-•]+|\d{1,3}[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_FENCE = "```"


def pieces(answer: str) -> tuple[str, ...]:
    """The first `MOST_PIECES` pieces of an answer, in order, without signs of Markdown."""
    found: list[str] = []
    block: list[str] | None = None
    for line in answer[:LONGEST_ANSWER].splitlines():
        if line.lstrip().startswith(_FENCE):
            found.extend(_joined(block))
            block = [] if block is None else None
        elif block is not None:
            block.append(line)
        else:
            found.extend(_sentences(line))
    found.extend(_joined(block))
    return tuple(found[:MOST_PIECES])


def _joined(block: list[str] | None) -> list[str]:
    return ["\n".join(block)] if block else []


def _sentences(line: str) -> list[str]:
    plain = _OPENING.sub("", line).replace("**", "").replace("`", "")
    sentences = (sentence.strip() for sentence in _SENTENCE_END.split(plain))
    return [each for each in sentences if any(letter.isalnum() for letter in each)]
