"""Whether a text asks or orders something, or only tells.

Never guesses from punctuation alone: prompts are often typed without any.
"""

from llm_cache_proxy.domain.guard import lexicon
from llm_cache_proxy.domain.guard.stems import stem


def tells(text: str, words: tuple[str, ...], questions: frozenset[str]) -> bool:
    """Whether the text states something about third persons and asks for nothing."""
    if "?" in text or questions or not words or not lexicon.word_set("person").isdisjoint(words):
        return False
    return words[0] not in _orders() and stem(words[0]) not in _orders()


def _orders() -> frozenset[str]:
    """Verbs that open a command."""
    return lexicon.word_set("order")
