"""The guard's word lists, read from the package on first use and kept.

Never reads anything but the files beside the code, and never at import.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from llm_cache_proxy.domain.guard.words.stems import stem

Phrase = tuple[str, ...]
Beginning = dict[Phrase, tuple[Phrase, ...]]
"""What stands behind the first word of a phrase → the phrases that go on so, the longest first."""


def lines(name: str) -> Iterator[str]:
    """The lines of the list `name` that are not comments."""
    text = files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def named(name: str) -> dict[str, tuple[str, ...]]:
    """The list `name` of `class: members` lines; a class may be spread over several lines."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines(name):
        title, _, members = line.partition(": ")
        found[title] = found.get(title, ()) + tuple(members.split())
    return found


@cache
def function_words() -> frozenset[str]:
    """Words without content of their own, as written."""
    return frozenset(word for line in lines("function") for word in line.split())


@cache
def light_stems() -> frozenset[str]:
    """Stems that may come and go without changing what is asked."""
    return frozenset(stem(word) for line in lines("light") for word in line.split())


@cache
def soft_stems() -> frozenset[str]:
    """Stems that colour a prompt more than they define it."""
    return frozenset(phrase_key(word) for line in lines("soft") for word in line.split())


@cache
def common_stems() -> frozenset[str]:
    """Stems of words that are no names even with a capital."""
    listed = (word for line in lines("synonyms") for word in line.split() if "_" not in word)
    return frozenset(stem(word) for word in listed) | soft_stems() | light_stems()


@cache
def contrasts() -> dict[str, frozenset[int]]:
    """Stem → the sets of mutually exclusive words that it is a member of."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(lines("contrasts")):
        for word in line.split():
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(sets) for word, sets in found.items()}


@cache
def lookalikes() -> dict[str, frozenset[tuple[int, int]]]:
    """Word, with the endings of English → its lines and which word of each it is.

    The number of a line that counts in one place alone is negative.
    """
    found: dict[str, set[tuple[int, int]]] = {}
    for number, line in enumerate(lines("lookalikes"), start=1):
        rest = line.removeprefix("place: ")
        key, words = (number if rest is line else -number), rest.split()
        for at, word in enumerate(words):
            for form in _inflected(word):
                found.setdefault(form, set()).add((key, at))
        for at, word in enumerate(words):  # no form of another word of the line
            found[word] = {place for place in found[word] if place[0] != key} | {(key, at)}
    return {word: frozenset(places) for word, places in found.items()}


def _inflected(word: str) -> tuple[str, ...]:
    """The forms a word would have if it were regular, a verb or a noun."""
    base = word.removesuffix("e")
    plural = word[:-1] + "ies" if word.endswith("y") else word + "s"
    return word, plural, word + "es", base + "ed", base + "ing"


@cache
def exclusive() -> dict[str, frozenset[tuple[int, int]]]:
    """Small word or phrase → the lines that have it, and between which bars of each it stands."""
    found: dict[str, set[tuple[int, int]]] = {}
    for number, line in enumerate(lines("exclusive")):
        for at, words in enumerate(line.split(" | ")):
            for word in words.split():
                found.setdefault(word, set()).add((number, at))
    return {word: frozenset(places) for word, places in found.items()}


@cache
def contractions() -> dict[str, tuple[str, ...]]:
    """Contraction → the words it stands for."""
    return named("contractions")


@cache
def synonyms() -> dict[str, frozenset[int]]:
    """Stem (or phrase of stems joined by underscores) → the groups it belongs to."""
    found: dict[str, set[int]] = {}
    measures = (line.partition(": ")[2] for line in lines("units"))
    for number, line in enumerate((*lines("synonyms"), *lines("aliases"), *measures)):
        for word in line.split():
            found.setdefault(phrase_key(word), set()).add(number)
    return {word: frozenset(groups) for word, groups in found.items()}


@cache
def opposites() -> dict[str, frozenset[int]]:
    """Stem → the sides it stands on; the other side of `n` is `-n`."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(lines("opposites"), start=1):
        left, _, right = line.partition(" | ")
        for side, words in ((number, left), (-number, right)):
            for word in words.split():
                for form in (word, *_degrees(word)):
                    found.setdefault(phrase_key(form), set()).add(side)
    return {word: frozenset(sides) for word, sides in found.items()}


def _degrees(word: str) -> tuple[str, str]:
    """The comparative and superlative a word would have if it were a short adjective."""
    base = word[:-1] + "i" if word.endswith("y") else word.removesuffix("e")
    return base + "er", base + "est"


@cache
def classes() -> dict[str, frozenset[str]]:
    """Class → its members as written, phrases with underscores."""
    return {title: frozenset(members) for title, members in named("classes").items()}


@cache
def classes_of() -> dict[str, tuple[str, ...]]:
    """Member, as written and as a stem → the classes it belongs to."""
    found: dict[str, tuple[str, ...]] = {}
    for title, members in named("classes").items():
        for member in dict.fromkeys((*members, *map(phrase_key, members))):
            found[member] = (*found.get(member, ()), title)
    return found


@cache
def word_set(title: str) -> frozenset[str]:
    """A closed set that a rule asks for."""
    return frozenset(named("sets")[title])


@cache
def parted_verbs() -> dict[str, str]:
    """Stem of a verb → the particle that makes another of it, and may stand behind its object."""
    phrases = (phrase_key(phrase).split("_") for phrase in word_set("parted"))
    return {phrase[0]: phrase[1] for phrase in phrases}


@cache
def number_words() -> dict[str, int]:
    """Number word → value."""
    values = named("numbers")
    return {word: int(value) for value in values if value.isdigit() for word in values[value]}


@cache
def number_scales() -> dict[str, int]:
    """Scale word → factor, a power of ten."""
    values = named("numbers")
    return {word: int(value[1:]) for value in values if value[0] == "x" for word in values[value]}


@cache
def units() -> dict[str, str]:
    """Spelling → canonical unit."""
    return {form: title for title, forms in named("units").items() for form in forms}


@cache
def synonym_phrases() -> dict[str, Beginning]:
    """First stem → the phrases (tuples of stems) of the synonym and opposite lists."""
    keys = [key for key in (*synonyms(), *opposites()) if "_" in key]
    return by_first_two(tuple(key.split("_")) for key in keys)


def by_first(phrases: Iterator[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    """Phrases by their first word, the longest first."""
    found: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0], []).append(phrase)
    return {first: tuple(sorted(set(rest), key=len, reverse=True)) for first, rest in found.items()}


def by_first_two(phrases: Iterator[Phrase]) -> dict[str, Beginning]:
    """Phrases by their first word, and by what follows it: fifty questions begin with "what"."""
    found: dict[str, Beginning] = {}
    for first, rest in by_first(phrases).items():
        found[first] = {
            second: tuple(phrase for phrase in rest if phrase[1:2] in {second, ()})
            for second in {phrase[1:2] for phrase in rest} | {()}
        }
    return found


def beginning(phrases: Beginning, second: Phrase) -> tuple[Phrase, ...]:
    """The phrases with that second word, or with none."""
    return phrases.get(second) or phrases[()]


def phrase_key(word: str) -> str:
    """The stem of a word, or of each word of a phrase."""
    parts = word.replace("-", "_").split("_")
    return "_".join(part if "." in part else stem(part) for part in parts)


@cache
def symmetric_keys() -> frozenset[str]:
    """The keys of words and phrases for what holds both ways: "married", "next to"."""
    return frozenset(phrase_key(word) for word in classes()["symmetric"])
