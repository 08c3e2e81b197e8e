"""What one prompt consists of, found once and kept for every comparison.

Never looks at a second text, and never raises on any text.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any, TypeVar

from llm_cache_proxy.domain.guard.text.cleaning import cleaned
from llm_cache_proxy.domain.guard.text.lettering import Spelled, spelled
from llm_cache_proxy.domain.guard.text.markers import asking, closed_classes, question_types, tells
from llm_cache_proxy.domain.guard.text.material import material, words_of
from llm_cache_proxy.domain.guard.text.quantities import Quantity, quantities
from llm_cache_proxy.domain.guard.text.scripts import written_in
from llm_cache_proxy.domain.guard.text.signs import signature
from llm_cache_proxy.domain.guard.text.spans import code_spans, quotations
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token, tokenise
from llm_cache_proxy.domain.guard.words import lexicon


@dataclass(frozen=True, slots=True)
class Analysis:
    """One text taken apart.

    `tokens` are in order, phrases of the word lists joined to one token; `plain` has each word of
    a phrase. `content` maps the stem of each word with content of its own to its first token.
    `stems` are all stems, `kinds` the kinds of token that there are. `classes` are the closed
    classes present (negators, quantifiers, formats, …) with the words that showed them. `script`
    is the writing system and `language` the language it seems to be written in, empty when
    unknown; `tells` is true of a plain statement.
    `signature` is its code, formulas and data as written, `material` the words of the text that it
    hands over to be worked on, None where it hands none. `spelled` is what a task about letters or
    marks is given, None for any other task. `kept` is what `once_a_text` keeps.
    """

    text: str
    hiding: tuple[str, ...]
    tokens: tuple[Token, ...]
    plain: tuple[Token, ...]
    words: tuple[str, ...]
    content: dict[str, Token]
    stems: frozenset[str]
    kinds: frozenset[int]
    quantities: tuple[Quantity, ...]
    measured: frozenset[Token]
    classes: dict[str, str]
    questions: frozenset[str]
    quotations: tuple[str, ...]
    code: tuple[str, ...]
    script: str
    language: str
    tells: bool
    signature: tuple[str, ...]
    material: tuple[str, ...] | None
    spelled: Spelled | None
    kept: dict[Callable[..., Any], Any] = field(default_factory=dict, compare=False, repr=False)


Found = TypeVar("Found")


def once_a_text(find: Callable[[Analysis], Found]) -> Callable[[Analysis], Found]:
    """`find`, whose result is kept with the text, as each is compared with several others.

    What it finds must not be changed by who asks for it.
    """

    @wraps(find)
    def kept(analysis: Analysis) -> Found:
        try:
            found: Found = analysis.kept[find]
        except KeyError:
            found = analysis.kept[find] = find(analysis)
        return found

    return kept


@lru_cache(maxsize=256)  # a long prompt takes a hundred kilobytes
def analyse(text: str) -> Analysis:
    """`text` taken apart; at most `LONGEST_TEXT` characters are meant to be given."""
    text, hiding = cleaned(text)
    plain = tokenise(text)
    numbers, used = quantities(plain)
    words = tuple(token.word for token in plain if token.kind is not Kind.MARK)
    tokens = _with_phrases(plain)
    script, language = written_in(plain)
    questions = question_types(asking(plain, words))
    pieces = material(text)
    return Analysis(
        text=text,
        hiding=hiding,
        tokens=tokens,
        plain=plain,
        words=words,
        content=_content(tokens, used),
        stems=_stems(tokens) if tokens is plain else _stems(tokens) | _stems(plain),
        kinds=frozenset([token.kind for token in plain]),
        quantities=numbers,
        measured=used,
        classes=closed_classes(plain),
        questions=questions,
        quotations=quotations(text),
        code=code_spans(text, plain),
        script=script,
        language=language,
        tells=tells(text, words, questions),
        signature=signature(text),
        material=None if pieces is None else _words_in(pieces),
        spelled=spelled(text, words, pieces),
    )


def _words_in(pieces: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for piece in pieces for word in words_of(piece))


def _stems(tokens: tuple[Token, ...]) -> frozenset[str]:
    return frozenset([token.stem for token in tokens])


_OBJECT_REACH = 5
"""Words from a verb to its particle, at most."""
_ACRONYMS = frozenset({"US", "IT", "WHO"})
_CONTENT_KINDS = frozenset({Kind.WORD, Kind.IDENTIFIER, Kind.SIGN})


def _content(tokens: tuple[Token, ...], used: frozenset[Token]) -> dict[str, Token]:
    """Stem → its first token, of the words with content that belong to no quantity."""
    functions, lights = lexicon.function_words(), lexicon.light_stems()
    found: dict[str, Token] = {}
    for token in tokens:
        raw, word, stem, kind, capital, opens = token
        if kind not in _CONTENT_KINDS or stem in found:
            continue
        if word in functions:
            # "IT", "US" and the like are names when the rest of the text is not in capitals
            counts = raw in _ACRONYMS and not opens
        else:
            counts = stem not in lights and (len(word) > 1 or capital or not word.isascii())
        if counts and not (used and token in used):
            found[stem] = token
    return found


def _with_phrases(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens with each phrase of the lists as one token of its own."""
    phrases = lexicon.synonym_phrases()
    stems = tuple([token.stem for token in tokens])
    found: list[Token] = []
    done = 0
    for at in [at for at, stem in enumerate(stems) if stem in phrases]:
        if at < done:
            continue
        for phrase in lexicon.beginning(phrases[stems[at]], stems[at + 1 : at + 2]):
            stop = at + len(phrase)
            if stems[at:stop] == phrase:
                found += [*tokens[done:at], _joined(tokens[at:stop])]
                done = stop
                break
        else:
            apart = _particle(stems, at) if stems[at] in lexicon.parted_verbs() else -1
            if apart > 0:
                verb = _joined((tokens[at], tokens[apart]))
                found += [*tokens[done:at], verb, *tokens[at + 1 : apart]]
                done = apart + 1
    return (*found, *tokens[done:]) if found else tokens


def _particle(stems: tuple[str, ...], at: int) -> int:
    """Where the particle of a verb stands behind its object: "rent my flat out"; -1 for none."""
    behind = stems[at + 2 : at + _OBJECT_REACH]
    particle = lexicon.parted_verbs()[stems[at]]
    return at + 2 + behind.index(particle) if particle in behind else -1


def _joined(phrase: tuple[Token, ...]) -> Token:
    raw, word, stem = ("_".join(column) for column in list(zip(*phrase, strict=True))[:3])
    return phrase[0]._replace(raw=raw, word=word, stem=stem)
