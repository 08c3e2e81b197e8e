"""Who does it against to whom it is done, where a question asks for one of them: "Who hit Ann?"."""

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

_DO = (("do",), ("does",), ("did",))
_ASKED = frozenset({"who", "what", "which"})
_BE = frozenset({"is", "are", "was", "were"})
_MOST_ASKED = 3
"""Words of "which small country", before "is"."""
_GOVERNS = frozenset(
    {"of", "to", "from", "for", "with", "than", "before", "after", "near", "behind", "above"}
    | {"below", "under", "beside", "against", "between", "like", "by", "at"}
)
_VERB_REACH = 4
_OTHERS = frozenset({"you", "he", "him", "she", "her", "they", "them", "it", "we", "us", "me", "i"})
_STRESSED = 2


def asked_role(pair: Pair) -> str | None:
    """Whether one asks who does it and the other to whom: "Who hit Ann?", "Who did Ann hit?"."""
    if pair.only_a or pair.only_b:
        return None
    if not lexicon.word_set("opining").isdisjoint((*pair.a.words, *pair.b.words)):
        return None
    if _is_left_behind(pair.a, pair.b) or _is_left_behind(pair.b, pair.a):
        return "what stands behind the preposition"
    asked = {_is_asked_for(pair.a), _is_asked_for(pair.b)}
    if asked != {"subject", "object"} or _is_stressed(pair.a) or _is_stressed(pair.b):
        return None
    if _said(pair.a) == _said(pair.b) and _OTHERS.isdisjoint(pair.a.words):
        return None  # "What Rust means", "What does Rust mean"
    return "who does it and to whom"


def _is_left_behind(one: Analysis, other: Analysis) -> bool:
    """Whether `one` asks for what its last preposition governs, which `other` names.

    "What is Spain west of?", "What is west of Spain?", but not "What does it stand for?".
    """
    asks, words = _behind_be(one.words)
    asked, others = _behind_be(other.words)
    if asks != asked or len(words) != len(others) or words == others:
        return False
    if words[-1:] == others[-1:]:  # "now", which ends both
        words, others = words[:-1], others[:-1]
    if len(words) <= 1 or words[-1] not in _GOVERNS or _holds_both_ways(*words[-2:]):
        return False
    return any(others == words[at:] + words[:at] for at in range(1, len(words) - 1))


def _behind_be(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is asked for, and what stands behind a form of "be": "Which country is", "in Asia"."""
    if words[:1] and words[0] in _ASKED:
        for at, word in enumerate(words[1 : _MOST_ASKED + 1], 1):
            if word in _BE:
                return words[:at], words[at + 1 :]
    return (), ()


def _holds_both_ways(word: str, preposition: str) -> bool:
    """Whether what holds of one end holds of the other: "married to", "next to"."""
    keys = {stem(word), f"{stem(word)}_{preposition}"}
    return not keys.isdisjoint(lexicon.symmetric_keys())


def _said(analysis: Analysis) -> list[str]:
    """The stems of the words that are no function words, in order."""
    function = lexicon.function_words()
    return [
        token.stem for token in analysis.plain if token.word not in function or token.word == "own"
    ]


def _is_stressed(analysis: Analysis) -> bool:
    """Whether "do" only stresses the verb or asks nothing: "What does happen?"."""
    at = next((at for at, word in enumerate(analysis.words) if (word,) in _DO), 0)
    return bool(at) and len(analysis.words) <= at + _STRESSED


def _is_asked_for(analysis: Analysis) -> str:
    """What a question after "who", "what" or "which" asks for; empty where that is not plain."""
    words = analysis.words
    if words[:1] and words[0] == "whom":
        return "object"
    if not words or words[0] not in _ASKED:
        return ""
    first = next((at for at in range(1, _VERB_REACH) if words[at : at + 1] in _DO), 0)
    if first:
        return "object"
    if words[0] == "which":
        words = words[1:]
    verb = words[1:2]
    if not verb or not lexicon.word_set("auxiliary").isdisjoint(words[1:_VERB_REACH]):
        return ""
    does = verb[0] == "own" or (
        verb[0].endswith(("s", "ed")) and verb[0] not in lexicon.function_words()
    )
    if words[0].endswith("s") and stem(verb[0]) in lexicon.light_stems():
        does = True  # "Which functions call main?"
    return "subject" if does or stem(verb[0]) in analysis.content else ""
