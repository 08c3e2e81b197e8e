"""Differences in the text that is handed over to be worked on: what follows a command's colon."""

import re

from llm_cache_proxy.domain.guard.analysis import Analysis
from llm_cache_proxy.domain.guard.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.rules.asking import task_of
from llm_cache_proxy.domain.guard.tokens import Kind, tokenise

_COLON = re.compile(r"([^:\n]{3,200}):\s+(\S.*)", re.DOTALL)
_CODE = re.compile(r"[(){}\[\]=<>;]")
_WITHOUT_TEXT = frozenset({"do_write", "do_list", "do_find", "do_delete", "do_add"})


def _handed_over(pair: Pair) -> str | None:
    left, right = _text(pair.a), _text(pair.b)
    if left is None or right is None:
        return None
    signs = bool(_CODE.search(left) and _CODE.search(right))
    if _words(left, signs=signs) != _words(right, signs=signs):
        return "the text to work on differs"
    return None


def _text(analysis: Analysis) -> str | None:
    """What follows the colon of a command such as "Translate into French: …"."""
    found = _COLON.match(analysis.text)
    if found is None:
        return None
    words = tuple(token.word for token in tokenise(found[1]) if token.kind is not Kind.MARK)
    tasks = task_of(words)
    return found[2] if tasks and not tasks & _WITHOUT_TEXT else None


def _words(text: str, *, signs: bool) -> list[str]:
    """The words of a text, with the signs that stand between them where they count."""
    ends = text.strip().strip("\"'`“”").rstrip(".!?")
    return [token.word for token in tokenise(ends) if signs or token.kind is not Kind.MARK]


HANDED_OVER = Rule(
    name="handed_over",
    looks_at="the text after a command's colon, which is to be fixed, translated, summarized, …",
    vetoes=(
        ("Fix the grammar: he go to school", "Fix the grammar: he goes to school"),
        ("Explain this code: print(a)", "Explain this code: print(b)"),
    ),
    passes=(
        ("Fix the grammar: he go to school", "Please correct the grammar: He go to school."),
        ("Explain this: what is love?", "What is love?"),
    ),
    check=_handed_over,
    any_language=True,
)
