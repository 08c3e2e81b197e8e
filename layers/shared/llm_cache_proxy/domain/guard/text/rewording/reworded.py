"""Other ways to ask for the same in a language other than English: "Können Sie mir … erklären".

Only the opening of a text is read so, and phrases that a list of the language has; never a text
that hands words over to be translated or corrected, where each of them counts.
"""

from collections.abc import Iterable
from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.dutch import how_to
from llm_cache_proxy.domain.guard.text.rewording.ways import (
    LONGEST_BLOCK,
    Ways,
    Words,
    bare_of,
    ways_of,
)

_INFINITIVES = {"es": ("ar", "er", "ir"), "pt": ("ar", "er", "ir"), "it": ("are", "ere", "ire")}
"""Endings that an -o stands for where one says "I": "cambiar", "cambio"."""
_IMPERSONALLY = frozenset({"si", "se"})
_THIRD_PERSON = ("a", "e")
_I = frozenset({"ich", "man"})
_MUTE = frozenset({"il", "elle", "ils", "elles"})
"""Pronouns that say the subject again: "le ciel est-il bleu"."""


def reworded(words: Words, language: str) -> Words:
    """The words with the ways of asking that the language's lists know brought to one."""
    ways = ways_of(language)
    bare = tuple(bare_of(word, language) for word in words)
    if any(word.startswith(start) for start in ways.named["verbatim"] for word in bare):
        return words
    line = _same_phrases(_place_behind(_Line(words, bare), ways), ways)
    asked = _request(line, ways)
    if asked is not None:
        return asked.words
    line = _opening(line, ways)
    if language == "fr":
        line = _uninverted(line, ways.named["inverted"])
    if language == "nl":
        return how_to(line.words)
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


def _same_phrases(line: _Line, ways: Ways) -> _Line:
    for phrase, stands in ways.phrases.items():
        for at in range(len(line.bare) - len(phrase), -1, -1):
            if line.bare[at : at + len(phrase)] == phrase:
                line = line.put(at, at + len(phrase), stands)
    return line


def _place_behind(line: _Line, ways: Ways) -> _Line:
    """The line with a place that is set before its question behind it: "In Python, wie …"."""
    asks = ways.named["asks"]
    size = next((size for size in (2, 3) if not asks.isdisjoint(line.bare[size : size + 1])), 0)
    if not size or line.bare[0] not in ways.named["place"]:
        return line
    return _Line(line.words[size:] + line.words[:size], line.bare[size:] + line.bare[:size])


def _request(line: _Line, ways: Ways) -> _Line | None:
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


def _past_objects(line: _Line, at: int, ways: Ways) -> int:
    """The first place from `at` on that says neither who asks nor who is asked."""
    while at < len(line.bare) and line.bare[at] in ways.named["object"]:
        at += 1
    return at


def _opening(line: _Line, ways: Ways) -> _Line:
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


def _how(line: _Line, language: str, ways: Ways) -> _Line:
    """One form of what one asks how to do: "Wie ändere ich …", "Wie kann ich … ändern"."""
    words = line.bare
    if len(words) <= LONGEST_BLOCK - 1:
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


def _is_impersonal(words: Words, language: str, ways: Ways) -> bool:
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
