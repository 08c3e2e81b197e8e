"""Phrases that may stand elsewhere in a sentence: "in Python", "please", "when it rains".

Whatever else changes places is taken to change what is said.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from llm_cache_proxy.domain.guard.pair.order.compound import describes, named_beside
from llm_cache_proxy.domain.guard.pair.order.runs import is_same, trimmed
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_MOST_MOVES = 3
_MOST_TRIES = 200
"""Ways to take phrases out that are tried: everyday prompts need two, and each may double them."""
_LONGEST_SUBJECT = 5
_LONGEST = 24
"""Words of a phrase that moves."""
_NEAR = 2
"""Words that a describing word passes: "this valid query", "this query valid"."""

Words = list[Token]


def only_phrases_moved(left: Words, right: Words) -> bool:
    """Whether the same words stand in another order because of such phrases alone."""
    return _only_moved(left, right, _MOST_MOVES, iter(range(_MOST_TRIES)))


def _only_moved(left: Words, right: Words, moves: int, tries: Iterator[int]) -> bool:
    """The same after so many moves at most; False where it would take too many tries."""
    left, right = trimmed(left, right)
    if not left or _is_list_turned(left, right) or _is_inverted(left, right):
        return True
    if not moves or next(tries, None) is None:
        return False
    for cut in range(1, len(left)):
        if is_same(left[:cut], right[:cut]) and (
            _only_moved(left[:cut], right[:cut], moves - 1, tries)
            and _only_moved(left[cut:], right[cut:], moves, tries)
        ):
            return True
    return any(
        _only_moved(rest, others, moves - 1, tries)
        for one, other in ((left, right), (right, left))
        for rest, others in _without_a_phrase(one, other)
    )


def _is_inverted(left: Words, right: Words) -> bool:
    """Whether "not" passes who or what it is about: "Isn't the app loading", "Is the app not"."""
    for one, other in ((left, right), (right, left)):
        if one[0].word == "not" == other[-1].word and 1 < len(one) <= _LONGEST_SUBJECT:
            subject = other[:-1]
            same = [token.stem for token in one[1:]] == [token.stem for token in subject]
            return same and subject[0].word in lexicon.word_set("determiner")
    return False


def _without_a_phrase(one: Words, other: Words) -> Iterator[tuple[Words, Words]]:
    """Both without a phrase that opens or ends `one`, and may move."""
    stems = [token.stem for token in other]
    for size in range(1, min(_LONGEST, len(one) - 1) + 1):
        for start in (0, len(one) - size):
            phrase, rest = one[start : start + size], one[:start] + one[start + size :]
            at = _find([token.stem for token in phrase], stems)
            moves = at >= 0 and _may_move(phrase, rest, at, start)
            if moves or (at >= 0 and size == 1 and _is_owned(one, start, other)):
                yield rest, other[:at] + other[at + size :]


def _is_owned(one: Words, at: int, other: Words) -> bool:
    """Whether a word is owned by whom it is for in the other text: "for Ann's wedding"."""
    if not at or not one[at - 1].raw.endswith("'s"):
        return False
    is_for = "for" in (token.word for token in one[:at])
    return is_for and not any(token.raw.endswith("'s") for token in other)


def _find(stems: list[str], others: list[str]) -> int:
    """Where the stems stand in a row among others; -1 where they do not."""
    last = len(others) - len(stems)
    return next((at for at in range(last + 1) if others[at : at + len(stems)] == stems), -1)


def _may_move(phrase: Words, rest: Words, at: int, start: int) -> bool:
    """Whether a phrase may stand at both places among the rest: "in Rome", "if it rains"."""
    if all(map(_floats, phrase)) or _is_time(phrase):
        return True
    if all(describes(token.word) for token in phrase):
        return _is_beside(rest[min(at, start) : max(at, start)])
    if phrase[0].word in _opening():
        is_preposition = phrase[0].word in lexicon.word_set("preposition")
        return len(phrase) > 1 or start > 0 or not is_preposition
    return phrase[0].opens and start == 0 and rest[0].opens


def _floats(token: Token) -> bool:
    """Whether a single word may stand elsewhere: an adverb, a verb of a question, "the film Up"."""
    word = token.word
    return token.kind is Kind.WORD and (
        word in lexicon.word_set("floating")
        or word in lexicon.word_set("auxiliary")
        or word in lexicon.word_set("titled")
        or word in named_beside()
        or (word.endswith("ly") and describes(word))
    )


def _is_time(phrase: Words) -> bool:
    """Whether a phrase says when: "last night"."""
    owns = phrase[-1].word in lexicon.word_set("time_owner")
    return owns and all(describes(token.word) for token in phrase[:-1])


def _is_beside(passed: Sequence[Token]) -> bool:
    """Whether a describing word still describes the same when it passes these."""
    return len(passed) <= _NEAR or any(each.word in lexicon.word_set("copula") for each in passed)


@cache
def _opening() -> frozenset[str]:
    """What a phrase begins with that may stand elsewhere."""
    sets = map(lexicon.word_set, ("preposition", "condition", "question_word"))
    return frozenset().union(*sets)


def _is_list_turned(left: Words, right: Words) -> bool:
    """Whether the members of one list stand in another order: "A and B", "B and A"."""
    joints = lexicon.word_set("list_joint")
    a, b = [token.stem for token in left], [token.stem for token in right]
    return any(
        token.word in joints and b == [*a[at + 1 :], a[at], *a[:at]]
        for at, token in enumerate(left)
    )
