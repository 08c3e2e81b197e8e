"""Differences in logic: quantifiers, degrees, modality, tense, persons."""

from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.words import lexicon

_MUST_MATCH = frozenset(
    {"q_only", "q_least", "q_most_limit", "q_more", "q_less", "q_except", "q_double", "q_half"}
)
_EXCLUSIVE = (
    frozenset({"q_all", "q_some"}),
    frozenset({"q_all", "q_none"}),
    frozenset({"q_all", "q_most"}),
    frozenset({"q_some", "q_none"}),
    frozenset({"q_both", "q_either"}),
    frozenset({"q_both", "q_neither"}),
    frozenset({"q_either", "q_neither"}),
    frozenset({"q_all", "q_almost"}),
)
_BEYOND = {"q_more": frozenset({"above", "over"}), "q_less": frozenset({"below", "under"})}
_LIMITS = {"q_least": ("minimum", "m_must"), "q_most_limit": ("maximum", "m_can")}
_HE = frozenset({"he", "him", "his", "himself"})
_SHE = frozenset({"she", "her", "hers", "herself"})
_SUBJECTS = frozenset({"he", "she"})
_PERSONS = _HE | _SHE
_SECOND_PERSON = frozenset({"you", "your", "yours"})
_USING = frozenset({"use", "used"})
_BE = frozenset({"be", "is", "are", "was", "were", "been", "being", "get"})
_TIMES = {
    "past": frozenset({"was", "were", "did"}),
    "present": frozenset({"is", "are", "does", "do"}),
    "future": frozenset({"will"}),
}
_TIME_OF = {word: title for title, words in _TIMES.items() for word in words}
_EXACT = {("is",), ("are",), ("was",), ("were",)}
_BY_QUESTION = ("how", "what", "why", "degree")


def _quantifiers(pair: Pair) -> str | None:
    a, b, _ = pair.gap
    if len(a) == len(b) == 1 and {a[0].word, b[0].word} == {"and", "or"}:
        return "and on one side, or on the other"
    if pair.is_converse:
        return None
    only_left = {title for title in pair.a.classes.keys() - pair.b.classes if title[:2] == "q_"}
    only_right = {title for title in pair.b.classes.keys() - pair.a.classes if title[:2] == "q_"}
    for title in (only_left | only_right) & _MUST_MATCH:
        had, lacks = (pair.a, pair.b) if title in only_left else (pair.b, pair.a)
        if _is_limit_of_modal(title, had, lacks) or _compares_so(title, lacks):
            continue
        if title == "q_half" and any(each.value == "1/2" for each in lacks.quantities):
            continue
        return f"{title.partition('_')[2]} on one side"
    for one in only_left:
        for other in only_right:
            if frozenset({one, other}) in _EXCLUSIVE:
                return f"{one.partition('_')[2]} and {other.partition('_')[2]}"
    return None


def _is_limit_of_modal(title: str, one: Analysis, other: Analysis) -> bool:
    """Whether one names the minimum of what one must, or the maximum of what one can."""
    word, modal = _LIMITS.get(title, ("", ""))
    return one.classes[title] == word and modal in other.classes and bool(other.questions)


def _compares_so(title: str, other: Analysis) -> bool:
    """Whether the other text says "greater than" for "more than", or "smaller than"."""
    if not _BEYOND.get(title, frozenset()).isdisjoint(other.words):
        return True
    degrees = lexicon.word_set(title) if title in {"q_more", "q_less"} else frozenset()
    return any(one in degrees and then == "than" for one, then in pairwise(other.words))


def _modality(pair: Pair) -> str | None:
    only_left = {title for title in pair.a.classes.keys() - pair.b.classes if title[:2] == "m_"}
    only_right = {title for title in pair.b.classes.keys() - pair.a.classes if title[:2] == "m_"}
    if not (only_left and only_right):
        return None
    if any(title.startswith(_BY_QUESTION) for title in pair.a.questions | pair.b.questions):
        return None
    if {*only_left, *only_right} == {"m_can", "m_legal"}:
        words = {text.classes.get("m_legal") for text in (pair.a, pair.b)}
        if words & {"allowed", "permitted"}:  # "Can I bring a dog?", "Is it allowed to …"
            return None
    return f"{'/'.join(sorted(only_left))} and {'/'.join(sorted(only_right))}"


def _tense(pair: Pair) -> str | None:
    left, right = _time(pair.a), _time(pair.b)
    if left and right and left != right and _are_other_times(left, right, pair):
        return f"{left} and {right}"
    a, b = pair.a, pair.b
    if _used_to(a) != _used_to(b):
        return "used to on one side"
    if _is_becoming(a) != _is_becoming(b) and len(pair.only_a) + len(pair.only_b) <= 1:
        return "becoming on one side"
    return None


def _is_becoming(analysis: Analysis) -> bool:
    return "becoming" in analysis.words and not _BE.isdisjoint(analysis.words)


def _are_other_times(left: str, right: str, pair: Pair) -> bool:
    """Whether two times differ enough: past and future, or was and is in texts that open alike."""
    opens = {pair.a.words[:1], pair.b.words[:1]}
    exact = opens <= _EXACT or opens in ({("who",)}, {("when",)})
    return {left, right} == {"past", "future"} or (exact and "past" in {left, right})


def _used_to(analysis: Analysis) -> bool:
    """Whether it speaks of what used to be, not of what something is used to do."""
    words = analysis.words
    if _USING.isdisjoint(words):
        return False
    for at, word in enumerate(words):
        if word not in _USING or words[at + 1 : at + 2] != ("to",):
            continue
        before = words[:at]
        if "did" in before or (word == "used" and _BE.isdisjoint(before)):
            return True
    return False


@once_a_text
def _time(analysis: Analysis) -> str:
    """The time of the first verb, when it stands first or right after the question word."""
    if not _SECOND_PERSON.isdisjoint(analysis.words):
        return ""
    for word in analysis.words[:2]:
        if word in _TIME_OF:
            return _TIME_OF[word]
    return ""


def _persons(pair: Pair) -> str | None:
    if _PERSONS.isdisjoint(pair.a.words) or _PERSONS.isdisjoint(pair.b.words):
        return None
    left = [word for word in pair.a.words if word in _PERSONS]
    right = [word for word in pair.b.words if word in _PERSONS]
    if _owners_in_passive(pair, {*left, *right}):
        return None
    if _genders(left).isdisjoint(_genders(right)):
        return f"{left[0]} and {right[0]}"
    subjects = set(left) & _SUBJECTS, set(right) & _SUBJECTS
    if all(subjects) and subjects[0].isdisjoint(subjects[1]):
        return f"{' '.join(left[:4])} and {' '.join(right[:4])}"
    return None


def _owners_in_passive(pair: Pair, persons: set[str]) -> bool:
    """Whether the passive turns round whose it is: "led by her father", "leads his daughter"."""
    turned = ("by" in pair.a.words) != ("by" in pair.b.words)
    return turned and pair.both_tell and persons <= {"his", "her"}


def _genders(words: list[str]) -> set[str]:
    return {"he" if word in _HE else "she" for word in words}


QUANTIFIERS = Rule(
    name="quantifiers",
    looks_at="all, some, most, none, only, at least, at most, except, half; and against or",
    vetoes=(
        ("Do all birds fly?", "Do some birds fly?"),
        ("Can I pay only with cash?", "Can I pay with cash?"),
        ("Is Ann a cook and a baker?", "Is Ann a cook or a baker?"),
        ("Does it take at least a day?", "Does it take at most a day?"),
    ),
    passes=(("Does every bird fly?", "Do all birds fly?"),),
    check=_quantifiers,
)
MODALITY = Rule(
    name="modality",
    looks_at="can, should, must, may, would",
    vetoes=(
        ("Can I take ibuprofen?", "Should I take ibuprofen?"),
        ("Must I file a return?", "Can I file a return?"),
    ),
    passes=(("Can I bring a dog?", "Could I bring a dog?"),),
    check=_modality,
)
TENSE = Rule(
    name="tense",
    looks_at="past, present and future, and becoming as against being",
    vetoes=(
        ("Who was the president?", "Who will be the president?"),
        ("Did the shop open?", "Will the shop open?"),
        ("When does the film come out?", "When did the film come out?"),
    ),
    passes=(("Who's the president?", "Who is the president?"),),
    check=_tense,
)
PERSONS = Rule(
    name="persons",
    looks_at="who does it to whom when only pronouns tell",
    vetoes=(("Do you think he would reject her?", "Do you think she would reject him?"),),
    passes=(("Do you think he would reject her?", "Would he reject her, do you think?"),),
    check=_persons,
)
