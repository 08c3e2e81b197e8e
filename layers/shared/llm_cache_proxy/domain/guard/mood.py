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


def is_order(words: tuple[str, ...]) -> bool:
    """Whether the text opens with an order, perhaps a polite one: "Could you list …"."""
    at = 0
    while at < len(words) and words[at] in lexicon.word_set("opener"):
        at += 1
    if at == len(words) or words[at] in lexicon.word_set("question_word"):
        return False
    return words[at] in _orders() or stem(words[at]) in _orders()


def _orders() -> frozenset[str]:
    """Verbs that open a command."""
    return lexicon.word_set("order")
