"""Dutch questions how to do a thing: "Hoe verander ik …", "Hoe kan ik … veranderen".

Knows how a vowel or a consonant is written once or twice, and no irregular verbs.
"""

import re

_TWICE = re.compile(r"([a-z])\1")
_SOFT = {"z": "s", "v": "f"}
_CAN = frozenset({"kan", "kun"})
_SHORTEST = 4


def how_to(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a question how one does a thing, with the stem of the verb alone in it."""
    if len(words) < _SHORTEST or words[0] != "hoe" or words[2] != "ik":
        return words
    if words[1] in _CAN:
        return "hoe", verb_stem(words[-1]), *words[3:-1]
    return "hoe", verb_stem(words[1]), *words[3:]


def verb_stem(form: str) -> str:
    """What a verb's infinitive and its first person have in common: "maken", "maak" → "mak"."""
    bare = _TWICE.sub(r"\1", form.removesuffix("en"))
    return bare[:-1] + _SOFT.get(bare[-1:], bare[-1:])
