"""Whether two words that are spelt differently are one word for the guard.

Never joins opposites: employer and employee, hopeful and hopeless, possible and impossible.
"""

from functools import lru_cache

from llm_cache_proxy.domain.guard.text.tokens import Token
from llm_cache_proxy.domain.guard.words import lexicon

NEGATIVE_PREFIXES = ("un", "in", "im", "il", "ir", "non", "dis", "de", "anti", "mis", "counter")
NEGATIVE_STARTS = (*NEGATIVE_PREFIXES, "over", "under", "a")
"""What a `negated_form` begins with where it does not end in -less."""
_OPPOSED = (
    *(("micro", "macro"), ("hyper", "hypo"), ("inter", "intra"), ("pre", "post")),
    *(("endo", "exo"), ("mono", "poly"), ("homo", "hetero"), ("over", "under"), ("ante", "post")),
    *(("in", "ex"), ("im", "ex"), ("im", "em"), ("ab", "ad"), ("af", "ef"), ("up", "down")),
    *(("intro", "extro"), ("out", "in"), ("inter", "extra"), ("intra", "extra"), ("uni", "multi")),
)
"""Prefixes that exclude each other before the same word."""
_ROOT = 4
_MISSPELT = 6
_SUBSTANCES = frozenset({"ane", "ene", "yne", "ine", "ate", "ite", "ide", "ose", "ase"})
"""Endings by which chemistry tells substances apart: chlorate and chlorite, hexane and hexene."""


@lru_cache(maxsize=16384)
def same_root(one: str, other: str) -> bool:
    """Whether the words differ only in endings that keep the meaning: invest, investment."""
    if other == one + one[-1:] + "y" or one == other + other[-1:] + "y":
        return True
    shared = _common_prefix(one, other)
    if shared < _ROOT or shared * 5 < min(len(one), len(other)) * 3:
        return False
    endings = {one[shared:], other[shared:]}
    if "" not in endings and "e" not in endings and "y" not in endings and shared <= _ROOT + 1:
        return False
    return endings - {""} <= lexicon.word_set("ending") and endings != {"er", "ee"}


def same_word_misspelt(one: Token, other: Token) -> bool:
    """Whether one slip of the pen makes one word the other; names get no such benefit."""
    a, b = one.word, other.word
    if min(len(a), len(b)) < _MISSPELT - 1 or abs(len(a) - len(b)) > 1:
        return False
    if one.capital and not one.opens and other.capital and not other.opens:
        return _undoubled(a) == _undoubled(b)
    if a[-3:] != b[-3:] and {a[-3:], b[-3:]} <= _SUBSTANCES:
        return False
    return is_one_slip(a, b) and not _exclude(one.stem, other.stem)


def _exclude(one: str, other: str) -> bool:
    """Whether a list sets the two against each other: a hotel and a hostel."""
    sets = lexicon.contrasts()
    return not sets.get(one, frozenset()).isdisjoint(sets.get(other, frozenset()))


def _undoubled(word: str) -> str:
    """The word with each doubled letter single: Hillary, Hilary."""
    return "".join(
        letter for letter, after in zip(word, word[1:] + " ", strict=True) if letter != after
    )


def is_one_slip(a: str, b: str) -> bool:
    """Whether one letter more, less, changed or two that changed places make one the other."""
    start = _common_prefix(a, b)
    a, b = a[start:], b[start:]
    if a[1:] == b[1:] or a[1:] == b or a == b[1:]:
        return True
    return a[:2] == b[1::-1] and a[2:] == b[2:]


def _common_prefix(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


@lru_cache(maxsize=16384)
def are_opposites(one: str, other: str) -> bool:
    """Whether two stems stand on opposite sides, by the lists or by a negative prefix."""
    sides = lexicon.opposites()
    left, right = sides.get(one), sides.get(other)
    if left and right and any(-side in right for side in left):
        return True
    return negated_form(one, other) or negated_form(other, one) or _has_other_prefix(one, other)


def _has_other_prefix(one: str, other: str) -> bool:
    """Whether the words differ in prefixes that exclude each other: "prewar", "postwar"."""
    if one[-_ROOT:] != other[-_ROOT:]:
        return False
    shorter = min(len(one), len(other))
    for left, right in _OPPOSED:
        if shorter >= len(left) + _ROOT and {one[: len(left)], other[: len(left)]} & {left, right}:
            for first, second in ((left, right), (right, left)):
                rest = one.removeprefix(first)
                if len(rest) < len(one) and other == second + rest:
                    return True
    return False


@lru_cache(maxsize=16384)
def negated_form(word: str, base: str) -> bool:
    """Whether `word` is `base` with a negative prefix, or -less where it has -ful."""
    if word in lexicon.word_set("no_prefix"):
        return False
    if word.endswith("less") and base.endswith("ful"):
        return word[:-4] == base[:-3]
    if len(word) > _ROOT:  # long stems have lost an e that short ones keep: unsur, sure
        word, base = word.removesuffix("e"), base.removesuffix("e")
    if len(base) < _ROOT - 1 or not word.endswith(base):
        return False
    prefix = word[: -len(base)].rstrip("-")
    if prefix in {"over", "under"}:
        return base in lexicon.word_set("measured")
    return prefix in NEGATIVE_PREFIXES or (prefix == "a" and len(base) > _MISSPELT)
