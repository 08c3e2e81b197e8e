"""Who does it, where the one who does it in one text is somebody else in the other.

Sees the word that stands behind the first auxiliary, or opens the text, and no more of grammar.
"""

from itertools import pairwise
from typing import NamedTuple

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rules.sentence.voice import has_passive, passives
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_PERSONS = frozenset({"i", "we", "he", "she", "they"})
_OPENING_REACH = 4
"""Words before the auxiliary of a question: "how many times can"."""
_DONE_TO = frozenset({"", "for", "to", "from"})
"""Prepositions before one to whom or for whom it is done."""
_BE = frozenset({"is", "are", "am", "was", "were"})
_PASSIVE = frozenset({"be", "been", "being"})


class _Clause(NamedTuple):
    """Who does something, what, and the stems with content behind that; `person` for a pronoun."""

    subject: str
    person: bool
    verb: str
    behind: frozenset[str]


def other_subject(pair: Pair) -> str | None:
    """Whether somebody else does it: "Is my dog allowed to bite?", "Am I allowed to …"."""
    if pair.only_a or pair.only_b or _PERSONS.isdisjoint((*pair.a.words, *pair.b.words)):
        return None
    told = _other_voice(pair.a, pair.b) or _other_voice(pair.b, pair.a)
    if told is not None or has_passive(pair.a) != has_passive(pair.b):
        return told
    left, right = _clause(pair.a), _clause(pair.b)
    if left is None or right is None or left.verb != right.verb or left.person == right.person:
        return None
    doer, other, places = (
        (left, right, pair.places[1]) if right.person else (right, left, pair.places[0])
    )
    if doer.subject in other.behind and doer.subject in places:
        done_to = places[doer.subject].role in _DONE_TO
        return f"{doer.subject} does it and is done to" if done_to else None
    return None


@once_a_text
def _clause(analysis: Analysis) -> _Clause | None:
    """The first clause of a text, as far as its order tells."""
    tokens = analysis.tokens
    auxiliary = lexicon.word_set("auxiliary")
    at = next(
        (at for at, token in enumerate(tokens[:_OPENING_REACH]) if token.word in auxiliary), -1
    )
    if at < 0 or (at and tokens[at].word in _BE) or not _PASSIVE.isdisjoint(analysis.words):
        return None
    start = at + 1
    while start < len(tokens) and tokens[start].word in lexicon.word_set("determiner"):
        start += 1
    verb = start + 1
    skipped = lexicon.word_set("auxiliary") | {"to", "not"}
    while verb < len(tokens) and (tokens[verb].word in skipped or tokens[verb].word[-2:] == "ly"):
        verb += 1
    if verb >= len(tokens) or tokens[verb].stem not in analysis.content:
        return None
    subject = tokens[start]
    person = subject.word in _PERSONS
    if not person and (subject.stem not in analysis.content or subject.raw.endswith("'s")):
        return None
    behind = frozenset(token.stem for token in tokens[verb + 1 :] if token.stem in analysis.content)
    return _Clause(subject.stem, person, tokens[verb].stem, behind)


def _other_voice(one: Analysis, other: Analysis) -> str | None:
    """Whether the same person does in `other` what is done to them in `one`: "I was scammed"."""
    for at in sorted(passives(one)):
        verb = one.tokens[at]
        if verb.stem in lexicon.word_set("either_voice") or verb.stem not in one.content:
            continue
        active = [
            number
            for number, token in enumerate(other.tokens)
            if token.stem == verb.stem and number not in passives(other)
        ]
        subject = _done_to(one.tokens, at)
        if subject and any(_doing(other.tokens, number) == subject for number in active):
            return f"{subject} {verb.word} and is done to"
    return None


def _done_to(tokens: tuple[Token, ...], at: int) -> str:
    """The person of a passive verb: "I have been scammed", "Was I scammed"; empty without one."""
    person, passed = _person_before(tokens, at)
    if person < 0:
        return ""
    inverted = person > 0 and tokens[person - 1].word in lexicon.word_set("passive")
    if inverted or not lexicon.word_set("passive").isdisjoint(passed):
        return tokens[person].word
    return ""


def _doing(tokens: tuple[Token, ...], at: int) -> str:
    """The person before an active verb; empty without one."""
    person, passed = _person_before(tokens, at)
    is_active = person >= 0 and lexicon.word_set("passive").isdisjoint(passed)
    return tokens[person].word if is_active else ""


def _person_before(tokens: tuple[Token, ...], at: int) -> tuple[int, list[str]]:
    """Where a person stands before a verb and its auxiliaries, and these; -1 for none."""
    skipped = lexicon.word_set("auxiliary") | lexicon.word_set("passive") | {"to", "not", "someone"}
    passed: list[str] = []
    for number in range(at - 1, -1, -1):
        word = tokens[number].word
        if word in _PERSONS:
            return number, passed
        if word not in skipped and not word.endswith("ly"):
            break
        passed.append(word)
    return -1, passed


def other_owner(pair: Pair) -> str | None:
    """Whether an owner in one text is somebody else in the other: "My son's boss hit him"."""
    if ("'s " in pair.a.text) == ("'s " in pair.b.text) or _said(pair.a) != _said(pair.b):
        return None
    one, places = pair.a, pair.places[1]
    if "'s " in pair.b.text:
        one, places = pair.b, pair.places[0]
    for owner, owned in pairwise(one.tokens):
        is_time = owner.word in lexicon.word_set("time_owner")
        if is_time or not owner.raw.endswith("'s") or not {owner.stem, owned.stem} <= places.keys():
            continue
        role, at = places[owner.stem].role, places[owner.stem].at
        if role == "" and abs(at - places[owned.stem].at) > 1:
            return f"{owner.word} has {owned.word}"
    return None


@once_a_text
def _said(analysis: Analysis) -> list[str]:
    """The stems of all words but function words, in order of the alphabet."""
    idle = lexicon.function_words()
    return sorted(
        token.stem
        for token in analysis.tokens
        if token.kind is not Kind.MARK and token.word not in idle
    )
