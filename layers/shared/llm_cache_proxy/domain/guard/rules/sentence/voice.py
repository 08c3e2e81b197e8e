"""Active against passive: whether the doer in one text is the doer in the other."""

from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.order.places import Place, Places
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Token
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import base_forms

_REACH = 4
_AGENT_REACH = 5


def changed_voice(
    passive: Analysis, in_passive: Places, active: Analysis, in_active: Places
) -> str | None:
    """Why `passive` turns the roles of `active` round, if it does and is passive at all."""
    if not has_passive(passive):
        return None
    for key, place in in_passive.items():
        if key not in in_active or not _is_passive(passive, place.at):
            continue
        if _is_passive(active, in_active[key].at):
            continue
        agent = _agent(place.at, in_passive)
        if agent is not None and agent in in_active:
            after = in_active[agent]
            if after.at > in_active[key].at and after.role == "":
                return f"{agent} is done by and is done to"
        subject = _subject(passive, place, in_passive)
        does = active.tokens[in_active[key].at].word.endswith("ing")
        if does and subject and subject == _subject(active, in_active[key], in_active):
            return f"{subject} does and is done to"
    return None


def has_passive(analysis: Analysis) -> bool:
    """Whether a verb of the text may be passive."""
    return bool(passives(analysis))


def _is_passive(analysis: Analysis, at: int) -> bool:
    return at in passives(analysis)


@once_a_text
def passives(analysis: Analysis) -> frozenset[int]:
    """Where participles stand behind a form of "be", or before "by"."""
    passive = lexicon.word_set("passive")
    tokens = analysis.tokens
    found: set[int] = set()
    if "by" in analysis.words:
        found.update(
            at
            for at, (token, behind) in enumerate(pairwise(tokens))
            if behind.word == "by" and _is_participle(token)
        )
    if passive.isdisjoint(analysis.words):
        return frozenset(found)
    for be in [at for at, token in enumerate(tokens) if token.word in passive]:
        behind = enumerate(tokens[be + 1 : be + 1 + _REACH], be + 1)
        found.update([at for at, token in behind if _is_participle(token)])
    return frozenset(found)


def _is_participle(token: Token) -> bool:
    word = token.word
    if word.endswith("ing"):
        return False
    return word.endswith("ed") or base_forms().get(word, word) != word


def _agent(at: int, found: Places) -> str | None:
    """The shared word governed by "by" after the participle."""
    for key, place in found.items():
        if place.role == "by" and 0 < place.at - at <= _AGENT_REACH:
            return key
    return None


def _subject(analysis: Analysis, verb: Place, found: Places) -> str | None:
    """The shared word that only forms of "be" part from the verb."""
    at = verb.at - 1
    while at >= 0 and analysis.tokens[at].word in lexicon.word_set("passive"):
        at -= 1
    if at == verb.at - 1:
        return None
    return next((key for key, place in found.items() if place.at == at), None)
