"""Differences in polarity: negation and opposites."""

import re
from collections import Counter
from functools import cache

from llm_cache_proxy.domain.guard.pair.counterparts.likeness import (
    NEGATIVE_STARTS,
    are_opposites,
    is_one_slip,
    negated_form,
)
from llm_cache_proxy.domain.guard.pair.opposed.negation import Negator, negators
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Token
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

_SHORTEST_LESS = 6
_FREE = re.compile(
    r"\b([a-z]{2,}(?=-free\b)|(?:gluten|sugar|dairy|lactose|nut|caffeine|alcohol|tax)(?= free\b))"
)
_LESS = re.compile(r"\b([a-z]{3,})-less\b", re.IGNORECASE)
_JOINTS = frozenset({"and", "or", "vs", "versus", "&", "/"})


def _negation(pair: Pair) -> str | None:
    a, b = pair.a, pair.b
    left, right = negators(a), negators(b)
    if pair.made_good:
        return None
    stems, others = a.stems - b.stems, b.stems - a.stems
    only_a, only_b = pair.only_a, pair.only_b
    count_a = len(left) + _negated_words(stems, others) + _freed(a, b) + _weak(only_a, only_b)
    count_b = len(right) + _negated_words(others, stems) + _freed(b, a) + _weak(only_b, only_a)
    if count_a != count_b:
        return f"negated {count_a} and {count_b} times"
    if only_a or only_b or len(left) != 1 or len(right) != 1:
        return None
    if not _same_scope(left[0], right[0]):
        return "another part is negated"
    return None


def _negated_words(stems: frozenset[str], others: frozenset[str]) -> int:
    """How many stems that one text has alone the other one has without a negative prefix."""
    found = 0
    apart = _set_apart() & others
    for word in stems:
        if apart and _stands_apart(word, apart, others):
            continue
        if word.startswith(NEGATIVE_STARTS) or word.endswith("less"):
            found += any(negated_form(word, base) for base in others)
    return found


@cache
def _set_apart() -> frozenset[str]:
    """Prefixes that are no word that negates by itself."""
    return lexicon.word_set("prefix_apart") - lexicon.classes()["negator"]


def _stands_apart(word: str, prefixes: frozenset[str], others: frozenset[str]) -> bool:
    """Whether the other text has the prefix and the rest of a word as two: "anti virus"."""
    return any(
        word.startswith(prefix) and stem(word.removeprefix(prefix)) in others for prefix in prefixes
    )


def _freed(one: Analysis, other: Analysis) -> int:
    """How many things `one` is without, as in "shirtless" and "sugar-free", that `other` names."""
    if "less" not in one.text and "free" not in one.text:
        return 0
    less = sum(
        word.endswith("less") and stem(word[:-4]) in other.stems
        for word in {*one.words} - {*other.words}
        if len(word) > _SHORTEST_LESS
    )
    apart = set(_LESS.findall(one.text)) - set(_LESS.findall(other.text))
    less += sum(stem(thing) in other.stems and thing + "less" not in other.words for thing in apart)
    free = {stem(thing) for thing in _FREE.findall(one.text.casefold())}
    had = {stem(thing) for thing in _FREE.findall(other.text.casefold())}
    return less + len((free - had) & other.stems)


def _weak(only: tuple[Token, ...], others: tuple[Token, ...]) -> int:
    """How many verbs negate what follows (fail, lack, avoid) and have no counterpart."""
    if others:
        return 0
    weak = _weak_stems()
    return len([token for token in only if token.stem in weak])


@cache
def _weak_stems() -> frozenset[str]:
    return frozenset(lexicon.phrase_key(word) for word in lexicon.classes()["weak_negator"])


def _same_scope(left: Negator, right: Negator) -> bool:
    if not left.reach or not right.reach or not set(left.reach).isdisjoint(right.reach):
        return True
    return any(is_one_slip(one, other) for one in left.reach for other in right.reach)


def _opposites(pair: Pair) -> str | None:
    if pair.made_good or pair.is_converse:
        return None
    dropped = _dropped(pair.a, pair.b) or _dropped(pair.b, pair.a)
    if dropped is not None:
        return dropped
    only_a, only_b = _more_often(pair.a, pair.b), _more_often(pair.b, pair.a)
    sides = lexicon.opposites()
    for left in only_a:
        if left in sides:
            for right in only_b:
                if (
                    right in sides
                    and are_opposites(left, right)
                    and not _has_synonym(left, only_b)
                    and not _has_synonym(right, only_a)
                ):
                    return f"{left} and {right}"
    return None


def _more_often(one: Analysis, other: Analysis) -> frozenset[str]:
    """The stems that `one` has and `other` lacks, or has less often where both repeat words."""
    only = one.stems - other.stems
    if len(one.tokens) == len(other.tokens) and len(one.stems) < len(one.tokens):
        others = _times_said(other)
        said_more = [
            stem for stem, times in _times_said(one).items() if times > others.get(stem, 0)
        ]
        only = only.union(said_more)
    return only


@once_a_text
def _times_said(analysis: Analysis) -> Counter[str]:
    """Stem → how often the text has it."""
    return Counter([token.stem for token in analysis.tokens])


def _dropped(one: Analysis, other: Analysis) -> str | None:
    """One of two opposites that `one` joins, "pros and cons", when `other` has only the other."""
    if _JOINTS.isdisjoint(one.words):
        return None
    tokens = one.tokens
    for left, joint, right in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if joint.word in _JOINTS and are_opposites(left.stem, right.stem):
            had = left.stem in other.stems, right.stem in other.stems
            if had in {(True, False), (False, True)} and not _asks_which(one, other, joint):
                return f"{left.word} {joint.word} {right.word} on one side"
    return None


def _asks_which(one: Analysis, other: Analysis, joint: Token) -> bool:
    """Whether both ask whether it is one: "Is tea good or bad?", "Is tea good?"."""
    return joint.word == "or" and "yesno" in one.questions & other.questions


def _has_synonym(stem: str, others: frozenset[str]) -> bool:
    """Whether the word's counterpart is among `others`, so that its opposite has another part."""
    synonyms = lexicon.synonyms()
    groups = synonyms.get(stem)
    return groups is not None and any(
        not groups.isdisjoint(synonyms.get(other, frozenset())) for other in others
    )


NEGATION = Rule(
    name="negation",
    looks_at="negators, negative prefixes, and verbs that negate",
    vetoes=(
        ("Is it legal to spy?", "Is it legal not to spy?"),
        ("Why does my code work?", "Why doesn't my code work?"),
        ("Is the task possible?", "Is the task impossible?"),
        ("How do I cook with salt?", "How do I cook without salt?"),
        ("Why do startups fail to grow?", "Why do startups grow?"),
        ("How do I get rid of ants?", "How do I get ants?"),
    ),
    passes=(
        ("Why doesn't my code work?", "Why is my code not working?"),
        ("I cannot log in", "I can't log in"),
        ("Learning Go is not easy, why?", "Learning Go is difficult, why?"),
        ("I am not sure what to say", "I am unsure what to say"),
    ),
    check=_negation,
)
OPPOSITES = Rule(
    name="opposites",
    looks_at="opposites and contrasts: enable and disable, before and after, buy and sell",
    vetoes=(
        ("How do I enable dark mode?", "How do I disable dark mode?"),
        ("Should I stretch before running?", "Should I stretch after running?"),
        ("What is a debit card?", "What is a credit card?"),
        ("What are the pros and cons of tea?", "What are the pros of tea?"),
        ("Do many birds fly?", "Do few birds fly?"),
    ),
    passes=(("How do I enable dark mode?", "How do I turn on dark mode?"),),
    check=_opposites,
)
