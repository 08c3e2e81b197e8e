"""Quoted passages and code inside a text.

Never interprets them: they are compared as written.
"""

import re

from llm_cache_proxy.domain.guard.text.tokens import Kind, Token

_QUOTED = re.compile(
    r'"([^"\n]{1,300})"|“([^”\n]{1,300})”|«([^»\n]{1,300})»|(?<!\w)\'((?:[^\'\n]|(?<=\w)\'(?=\w)){1,300})\'(?!\w)'
)
_INLINE = re.compile(r"(?<!`)`([^`\n]{1,300})`(?!`)")


def quotations(text: str) -> tuple[str, ...]:
    """The quoted passages, sorted, without their marks and closing punctuation."""
    if '"' not in text and "'" not in text and "“" not in text and "«" not in text:
        return ()
    return tuple(sorted(" ".join(span.split()).rstrip(".,!?") for span in quoted(text)))


def quoted(text: str) -> list[str]:
    """The quoted passages in order, as written between their marks."""
    return [next(filter(None, match.groups())) for match in _QUOTED.finditer(text)]


def code_spans(text: str, tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """URLs, addresses, paths, flags, fenced blocks and inline code, sorted."""
    found = [token.word.rstrip(".,;:!?/") for token in tokens if token.kind is Kind.CODE]
    if "`" in text:
        found.extend(match.group(1).strip() for match in _INLINE.finditer(text))
    return tuple(sorted(found))
