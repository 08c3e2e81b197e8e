"""Nouns side by side, of which the last one says what it is: "a house boat", "a boat house".

Never guesses at a part of speech beyond what a list or an ending tells.
"""

from functools import cache, lru_cache

from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_LONGEST = 4
"""Words of a compound that change places."""
_SHORT = 4
_DESCRIBING = ("ful", "ous", "ive", "able", "ible", "less", "ish", "ic", "ical", "ly", "ary", "est")


def other_head(words: list[Token]) -> str | None:
    """Nouns that change places where the last one is what it is: "a house boat", "pet cat food".

    Words that only describe, or that name what another one is, may change places.
    """
    if len(words) > _LONGEST or not all(each.kind is Kind.WORD for each in words):
        return None
    owner = next((each.word for each in words if each.raw.endswith("'s")), None)
    if (
        owner is not None
        and owner not in lexicon.word_set("time_owner")
        and any(describes(each.word) for each in words)
    ):
        return f"{owner} changes places"
    named = {each.capital and not each.raw.isupper() for each in words}
    if named != {False} or any(map(_may_move, words)):
        return None
    first, last = words[0].word, words[-1].word
    return f"{first} before {last} and {last} before {first}"


def _may_move(token: Token) -> bool:
    """Whether the word may stand on either side of its neighbour: "small red", "color blue"."""
    if token.word in lexicon.function_words() or token.word in lexicon.word_set("apposed"):
        return True
    return token.word in named_beside() or describes(token.word)


@cache
def named_beside() -> frozenset[str]:
    """What may be named before or behind a thing that it is about: "python loops"."""
    return lexicon.word_set("brand") | frozenset(lexicon.named("languages")["programming"])


@lru_cache(maxsize=16384)
def describes(word: str) -> bool:
    """Whether the word is an adjective or an adverb, by the lists or by its ending."""
    if word in lexicon.word_set("describing"):
        return True
    ends = len(word) > _SHORT and word.endswith(_DESCRIBING)
    return ends and word not in lexicon.word_set("noun_by_ending")


def may_end(behind: Token | None) -> bool:
    """Whether what stands before this token may be the last word of its phrase."""
    return behind is None or behind.word in lexicon.function_words() or describes(behind.word)
