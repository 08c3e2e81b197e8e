"""Other ways to ask for the same in a language other than English: "Können Sie mir … erklären".

Only the opening of a text is read so, and phrases that a list of the language has; never a text
that hands words over to be translated or corrected, where each of them counts.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.cleaning import without_accents
from llm_cache_proxy.domain.guard.words import lexicon

Words = tuple[str, ...]

_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_LONGEST_BLOCK = 3
_INFINITIVES = {"es": ("ar", "er", "ir"), "pt": ("ar", "er", "ir"), "it": ("are", "ere", "ire")}
"""Endings that an -o stands for where one says "I": "cambiar", "cambio"."""
_IMPERSONALLY = frozenset({"si", "se"})
_THIRD_PERSON = ("a", "e")
_SETS = (
    *("object", "verbatim", "indefinite", "inverted"),
    *("particle", "place", "asks", "copula", "article", "reflexive"),
)
_I = frozenset({"ich", "man"})
_MUTE = frozenset({"il", "elle", "ils", "elles"})
"""Pronouns that say the subject again: "le ciel est-il bleu"."""


class _Ways(NamedTuple):
    """The lists of one language, by their words without accents.

    `openings` and `phrases` lead to what stands for their line; `verbs` are forms of a request and
    what stands for them, "" where it is dropped; `particles` what parts from such a verb.
    """

    openings: dict[Words, Words]
    phrases: dict[Words, str]
    modals: tuple[Words, ...]
    wishes: tuple[Words, ...]
    verbs: dict[str, str]
    particles: dict[str, str]
    named: dict[str, frozenset[str]]


@cache
def _ways(language: str) -> _Ways:
    openings: dict[Words, Words] = {}
    phrases: dict[Words, str] = {}
    verbs: dict[str, str] = {}
    particles: dict[str, str] = {}
    for line in lexicon.lines(language):
        title, _, members = line.partition(": ")
        words = [_bare(word, language) for word in members.split()]
        if title == "open":
            openings.update((_parts(word), _parts(words[0])) for word in words)
        elif title == "same":
            phrases.update((_parts(word), words[0]) for word in words if "_" in word)
        elif title in {"verb", "give"}:
            for word in words:
                verb, _, particle = word.partition("*")
                verbs[verb] = words[0] if title == "verb" else ""
                if particle:
                    particles[verb] = particle
    named = lexicon.named(language)
    modals, wishes = (
        tuple(
            sorted((_parts(_bare(word, language)) for word in named.get(title, ())), key=len)[::-1]
        )
        for title in ("modal", "wish")
    )
    sets = {
        title: frozenset(_bare(word, language) for word in named.get(title, ())) for title in _SETS
    }
    openings = dict(sorted(openings.items(), key=lambda way: len(way[0]), reverse=True))
    return _Ways(openings, phrases, modals, wishes, verbs, particles, sets)


def _bare(word: str, language: str) -> str:
    return without_accents(word.translate(_SPELT) if language == "de" else word)


def _parts(phrase: str) -> Words:
    return tuple(phrase.split("_"))


def reworded(words: Words, language: str) -> Words:
    """The words with the ways of asking that the language's lists know brought to one."""
    ways = _ways(language)
    bare = tuple(_bare(word, language) for word in words)
    if any(word.startswith(start) for start in ways.named["verbatim"] for word in bare):
        return words
    line = _same_phrases(_place_behind(_Line(words, bare), ways), ways)
    asked = _request(line, ways)
    if asked is not None:
        return asked.words
    line = _opening(line, ways)
    if language == "fr":
        line = _uninverted(line, ways.named["inverted"])
    return _how(line, language, ways).words


class _Line(NamedTuple):
    """Words, and the same without accents."""

    words: Words
    bare: Words

    def put(self, start: int, stop: int, *instead: str) -> "_Line":
        """The line with other words from `start` to `stop`."""
        return _Line(
            self.words[:start] + instead + self.words[stop:],
            self.bare[:start] + instead + self.bare[stop:],
        )


def _opens(line: _Line, phrases: Iterable[Words]) -> int:
    """How many words of the line the longest phrase has that opens it."""
    return next((len(each) for each in phrases if line.bare[: len(each)] == each), 0)


def _same_phrases(line: _Line, ways: _Ways) -> _Line:
    for phrase, stands in ways.phrases.items():
        for at in range(len(line.bare) - len(phrase), -1, -1):
            if line.bare[at : at + len(phrase)] == phrase:
                line = line.put(at, at + len(phrase), stands)
    return line


def _place_behind(line: _Line, ways: _Ways) -> _Line:
    """The line with a place that is set before its question behind it: "In Python, wie …"."""
    asks = ways.named["asks"]
    size = next((size for size in (2, 3) if not asks.isdisjoint(line.bare[size : size + 1])), 0)
    if not size or line.bare[0] not in ways.named["place"]:
        return line
    return _Line(line.words[size:] + line.words[:size], line.bare[size:] + line.bare[:size])


def _request(line: _Line, ways: _Ways) -> _Line | None:
    """What is asked to be done, as "Schreibe …"; None for a text that opens with no request."""
    wish = _opens(line, ways.wishes)
    if wish:
        wanted = line.bare[wish : wish + 1]
        return line.put(0, wish) if not ways.named["indefinite"].isdisjoint(wanted) else None
    polite = _opens(line, ways.modals)
    start = _past_objects(line, polite, ways)
    rest = line.put(0, start)
    verb = ways.verbs.get(rest.bare[0]) if rest.bare else None
    verb_ends = bool(ways.particles)  # as in each language whose verbs part
    if verb is None and polite and rest.bare and verb_ends:  # "Kannst du ein Gedicht schreiben"
        verb = ways.verbs.get(rest.bare[-1])
        end = len(rest.bare) - 1
        return None if verb is None else rest.put(end, end + 1).put(0, 0, *_said(verb))
    if verb is None:
        return None
    particle = ways.particles.get(rest.bare[0], "")
    if particle:
        if particle not in rest.bare:
            return None
        at = rest.bare.index(particle)
        rest = rest.put(at, at + 1)
    return rest.put(0, _past_objects(rest, 1, ways), *_said(verb))


def _said(verb: str) -> Words:
    """What stands for a verb: nothing for one that goes without saying."""
    return (verb,) if verb else ()


def _past_objects(line: _Line, at: int, ways: _Ways) -> int:
    """The first place from `at` on that says neither who asks nor who is asked."""
    while at < len(line.bare) and line.bare[at] in ways.named["object"]:
        at += 1
    return at


def _opening(line: _Line, ways: _Ways) -> _Line:
    size = _opens(line, ways.openings)
    return line.put(0, size, *ways.openings[line.bare[:size]]) if size else line


def _uninverted(line: _Line, verbs: frozenset[str]) -> _Line:
    """A French question in the order of a statement, without "est-ce que"."""
    for phrase in (("est", "ce", "que"), ("est", "ce", "qu")):
        for at in range(len(line.bare) - len(phrase), -1, -1):
            if line.bare[at : at + len(phrase)] == phrase:
                line = line.put(at, at + len(phrase))
    for at, verb in enumerate(line.bare[:-1]):
        behind = at + 1 + (line.bare[at + 1] == "t")
        pronoun = line.bare[behind : behind + 1]
        if verb not in verbs or not pronoun or pronoun[0] not in _PRONOUNS:
            continue
        if (
            at
            and verb not in _IMPERSONAL
            and line.bare[at - 1] not in _ASKING
            and pronoun[0] in _MUTE
        ):
            return line.put(at + 1, behind + 1)
        return line.put(at, behind + 1, pronoun[0], line.words[at])
    return line


_PRONOUNS = frozenset({"je", "tu", "on", "nous", "vous"}) | _MUTE
_IMPERSONAL = frozenset({"faut", "existe"})
_ASKING = frozenset({"ou", "quand", "comment", "pourquoi", "combien", "que", "qui", "quoi", "qu"})


def _how(line: _Line, language: str, ways: _Ways) -> _Line:
    """One form of what one asks how to do: "Wie ändere ich …", "Wie kann ich … ändern"."""
    words = line.bare
    if len(words) <= _LONGEST_BLOCK - 1:
        return line
    if language == "de" and words[0] == "wie" and words[2] in _I:
        if words[1] == "kann":
            return line.put(len(words) - 1, len(words)).put(1, 3, words[-1])
        parted = words[-1] in ways.named["particle"]
        infinitive = (words[-1] if parted else "") + _infinitive(words[1])
        return (line.put(len(words) - 1, len(words)) if parted else line).put(1, 3, infinitive)
    if _is_impersonal(words, language, ways):  # "come si cambia"
        return line.put(1, 3, words[2][:-1] + "o")
    for ending in _INFINITIVES.get(language, ()):
        if words[0] in ways.named["asks"] and words[1].endswith(ending):
            return line.put(1, 2, words[1].removesuffix(ending) + "o")
    return line


def _is_impersonal(words: Words, language: str, ways: _Ways) -> bool:
    """Whether the words ask how "one" does a thing, and not what one does to oneself."""
    if language not in _INFINITIVES or words[1] not in _IMPERSONALLY:
        return False
    asks = words[0] in ways.named["asks"] and words[2] not in ways.named["reflexive"]
    return asks and words[2].endswith(_THIRD_PERSON)


def _infinitive(form: str) -> str:
    """The German verb of which one says "ich mache", "ich aendere" or "ich sammle"."""
    if form.endswith("ere") and not form.endswith("iere"):
        return form.removesuffix("e") + "n"
    return form.removesuffix("le") + "eln" if form.endswith("mle") else form + "n"


def alike_articled(left: Words, right: Words, language: str) -> tuple[Words, Words]:
    """The two without an article that only one has behind the opening of a question.

    Two articles stay, since they may tell two nouns apart: "Was ist der See", "Was ist die See".
    """
    if len(left) > len(right):
        return alike_articled(right, left, language)[::-1]
    ways = _ways(language)
    size = next((size for size, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), 0)
    if (
        len(left) + 1 == len(right)
        and right[size] in ways.named["article"]
        and right[:size] in ways.openings.values()
    ):
        return left, right[:size] + right[size + 1 :]
    return left, right


def is_moved(left: Words, right: Words, language: str) -> bool:
    """Whether one says where behind what the other says it before: "in Python".

    In a question how, where what is done is one thing; elsewhere the place may belong to another.
    """
    named = _ways(language).named
    places, asks = named["place"], named["asks"]
    if _is_turned(left, right, named["copula"]):
        return True
    if asks.isdisjoint((_bare(left[0], language), _bare(right[0], language))):
        return False
    for at, word in enumerate(left):
        if word not in places:
            continue
        for end in range(at + 2, min(at + _LONGEST_BLOCK, len(left)) + 1):
            rest, block = left[:at] + left[end:], left[at:end]
            if any(
                right[to : to + len(block)] == block
                and right[:to] + right[to + len(block) :] == rest
                for to in range(len(right))
            ):
                return True
    return False


def _is_turned(left: Words, right: Words, copulas: frozenset[str]) -> bool:
    """Whether a question has its subject behind its verb: "¿Por qué es azul el cielo?"."""
    start = next((at for at, (a, b) in enumerate(zip(left, right, strict=True)) if a != b), 0)
    left, right = left[start:], right[start:]
    if not start or copulas.isdisjoint((left[0], right[0])):
        return False
    return any(right == left[cut:] + left[:cut] for cut in range(1, len(left)))
