"""Facts before a question, which may be told in any order: "Ann is 30. Bob is 20. How old is Bob?".

Speaks only of sentences none of which points to another one.
"""

import re

from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.material import asks, task_of, words_of
from llm_cache_proxy.domain.guard.words import lexicon

_ENDS = re.compile(r"(?<=[.!?])\s+|\n+")
_LABEL = re.compile(
    r"\s*(?:context|facts?|background|info|information|given|document|passage|text|question|q):\s+",
    re.IGNORECASE,
)
_STATES = frozenset({"is", "are", "am", "was", "were", "has", "have", "had"})
_FEWEST = 3
"""Two facts and a question."""


def are_reordered(a: Analysis, b: Analysis) -> bool:
    """Whether the same facts before the same question stand in another order."""
    if len(a.words) != len(b.words) or a.stems != b.stems or "." not in a.text:
        return False
    left, right = _sentences(a.text), _sentences(b.text)
    if len(left) < _FEWEST or left[-1] != right[-1] or sorted(left) != sorted(right):
        return False
    facts = " ".join(left[:-1])
    if ":" in facts or not asks(left[-1]) or any(map(asks, left[:-1])):
        return False
    subjects = {each.split()[0] for each in left[:-1]}
    if not all(map(_is_state, left[:-1])) or len(subjects) < len(left) - 1:
        return False  # what happens has an order, and so has what is said of one twice
    in_order = lexicon.word_set("leads_back") | lexicon.word_set("in_a_row")
    return in_order.isdisjoint(a.words) and not task_of(words_of(left[-1]))


def _is_state(fact: str) -> bool:
    """Whether a sentence says what is, and tells nothing that happens."""
    return not _STATES.isdisjoint(fact.split())


def _sentences(text: str) -> list[str]:
    """The sentences without a label before them and without marks at their ends."""
    return [_LABEL.sub("", each).strip(" .!?").casefold() for each in _ENDS.split(text) if each]
