"""Texts in other languages than English: which language it is, and which words may come and go.

Never guesses at meaning: two texts of such a language have the same words, or the lists of the
language say that the words which differ stand for one another.
"""

from functools import cache, lru_cache

from llm_cache_proxy.domain.guard.text.accents import (
    KNOWN,
    UNDETERMINED,
    are_accented_alike,
    are_typed_bare,
)
from llm_cache_proxy.domain.guard.text.cleaning import cleaned, without_accents
from llm_cache_proxy.domain.guard.text.rewording import alike_articled, is_moved, reworded
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token, tokenise
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import base_forms, stem

ENGLISH = "en"
_TELLS = 2
_PAST_LATIN = "\u0250"
_SIGNS = frozenset({Kind.SYMBOL, Kind.NUMBER})
_POLITE_ENGLISH = ("please", "hello", "hi", "hey", "thanks", "thank you")


@cache
def _tells() -> dict[str, tuple[str, ...]]:
    """Word → the languages it shows; words that English has as well show none."""
    found: dict[str, tuple[str, ...]] = {}
    lists = {language: lexicon.named(language)["tell"] for language in KNOWN}
    others = {code: (*words, *_greets(code)) for code, words in lexicon.named("tells").items()}
    for language, words in (*lists.items(), *others.items()):
        for word in dict.fromkeys(words):
            if not _is_english(word):
                found[word] = (*found.get(word, ()), language)
                bare = without_accents(word)
                if bare != word and not _is_english(bare):
                    found.setdefault(bare, found[word])
    return found


def _greets(language: str) -> tuple[str, ...]:
    """The polite words of a language that show it."""
    return tuple(word for word in lexicon.named("polite").get(language, ()) if "_" not in word)


def _is_english(word: str) -> bool:
    return (
        word in lexicon.function_words()
        or word in base_forms()
        or stem(word) in lexicon.common_stems()
        or word in lexicon.contrasts()
        or word in lexicon.opposites()
        or word in lexicon.units()
    )


@cache
def _english() -> dict[str, int]:
    """Words that show that a text is English → their weight; what other languages have weighs 1."""
    light = {word for line in lexicon.lines("light") for word in line.split()}
    shared = {word for language in KNOWN for word in lexicon.named(language)["tell"]}
    small = lexicon.function_words() | lexicon.word_set("order") | light
    return {word: 1 if word in shared else _TELLS for word in small}


def language_of(tokens: tuple[Token, ...]) -> str:
    """The language most of the small words belong to; empty where none of them tells."""
    tells, weights = _tells(), _english()
    spelt = [token.word for token in tokens]
    english = sum([weights[word] for word in spelt if word in weights])
    if english and tells.keys().isdisjoint(spelt):
        return ENGLISH
    counts: dict[str, int] = {}
    for at in [at for at, word in enumerate(spelt) if word in tells]:
        if not _in_name(tokens, at):
            for language in tells[tokens[at].word]:
                counts[language] = counts.get(language, 0) + _TELLS
    best = _leading(counts, spelt)
    foreign = counts.get(best, 0)
    tied = foreign == english > 0
    if foreign > english or (tied and not (_in_english_letters(tokens) and _opens_english(tokens))):
        return best
    if english:
        return ENGLISH
    words = [token.word for token in tokens if token.kind is Kind.WORD]
    if len(words) < _TELLS or any(map(_is_listed, words)):
        return ""
    return UNDETERMINED if all(without_accents(word).isascii() for word in words) else ""


def _leading(counts: dict[str, int], words: list[str]) -> str:
    """The language with the most words that show it, those of English included in a tie."""
    if not counts:
        return ""
    most = max(counts.values())
    tied = [language for language, count in counts.items() if count == most]
    if len(tied) > 1:
        named = {language: set(_all_tells(language)) for language in tied}
        tied.sort(key=lambda language: -sum(word in named[language] for word in words))
    return tied[0]


@cache
def _all_tells(language: str) -> frozenset[str]:
    """The words that show a language, those that English has as well included."""
    return frozenset(lexicon.named(language)["tell"]) if language in KNOWN else frozenset()


def _opens_english(tokens: tuple[Token, ...]) -> bool:
    return tokens[0].raw.isupper() or tokens[0].word not in _tells()


def _in_english_letters(tokens: tuple[Token, ...]) -> bool:
    return all(token.word.isascii() for token in tokens)


@lru_cache(maxsize=16384)
def _is_listed(word: str) -> bool:
    """Whether an English list has the word, so that the rules can read some of the text."""
    return _is_english(word) or word in lexicon.classes_of() or word in _english()


def _in_name(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the word is a part of a name, such as "Los Angeles", or of a formula."""
    token, after = tokens[at], tokens[at + 1 : at + 2]
    if (
        len(token.word) == 1
        and after
        and (after[0].kind in _SIGNS or after[0].word in lexicon.word_set("electronic"))
    ):
        return True  # "y = 2x", "e-mail"
    if not token.capital:
        return token.word == "sin" and bool(after) and len(after[0].word) == 1  # "sin x"
    named = bool(after) and after[0].capital
    return not token.opens or (named and token.word in lexicon.word_set("name_article"))


@cache
def _stand_ins(language: str) -> dict[str, str]:
    """Word → the one that stands for its group; numbers in words → their digits."""
    found: dict[str, str] = {}
    for line in lexicon.lines(language):
        title, _, members = line.partition(": ")
        if title == "same" or title.isdigit():
            words = members.split()
            found.update(dict.fromkeys(words, title if title.isdigit() else words[0]))
    return found


@cache
def _polite(language: str) -> tuple[str, ...]:
    """Phrases that may come and go in a text of `language`, the longest first."""
    listed = [phrase for each in KNOWN for phrase in lexicon.named(each)["polite"]]
    listed += lexicon.named("polite").get(language, ())
    phrases = {phrase.replace("_", " ") for phrase in listed} | {*_POLITE_ENGLISH}
    phrases |= {without_accents(phrase) for phrase in phrases if " " not in phrase}
    return tuple(sorted(phrases, key=len, reverse=True))


@cache
def _polite_signs() -> tuple[str, ...]:
    """The same in other scripts than Latin, each as the words or signs that it is cut into."""
    listed = (phrase for phrases in lexicon.named("polite").values() for phrase in phrases)
    cut = {
        " ".join(token.word for token in tokenise(cleaned(phrase.replace("_", " ")).text))
        for phrase in listed
        if phrase[0] >= _PAST_LATIN
    }
    return tuple(sorted(cut, key=lambda phrase: (-len(phrase), phrase)))


@lru_cache(maxsize=256)
def without_courtesy(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words in other scripts than Latin, without the polite ones that open or close them."""
    line = " ".join(words)
    while (rest := _less_polite(line)) != line:
        line = rest
    return tuple(line.split())


def _less_polite(line: str) -> str:
    """The line without the longest phrase that opens it, and the longest that closes it."""
    opening = next((each for each in _polite_signs() if line.startswith(each + " ")), None)
    line = line if opening is None else line.removeprefix(opening + " ")
    closing = next((each for each in _polite_signs() if line.endswith(" " + each)), None)
    return line if closing is None else line.removesuffix(" " + closing)


@lru_cache(maxsize=256)
def plain_words(words: tuple[str, ...], language: str) -> tuple[str, ...]:
    """The words that count in `language`, each by the one that stands for its group."""
    line = f" {' '.join(without_courtesy(words))} "
    for phrase in _polite(language):
        line = line.replace(f" {phrase} ", " ")
    if language not in KNOWN:
        return tuple(line.split())
    stand_ins = _stand_ins(language)
    rest = tuple(line.split())
    if "open" in lexicon.named(language):
        rest = reworded(rest, language)
    return tuple(stand_ins.get(word, word) for word in rest)


def first_difference(a: tuple[str, ...], b: tuple[str, ...], language: str) -> str | None:
    """What differs between two texts of `language`; accents may be left out throughout a text."""
    left, right = plain_words(a, language), plain_words(b, language)
    if len(left) != len(right) and language in KNOWN:
        left, right = alike_articled(left, right, language)
    if len(left) != len(right):
        return _first(left, right)
    if left == right or are_typed_bare(left, right) or _is_moved(left, right, language):
        return None
    if are_accented_alike(left, right, language, _left_out(a, b)):
        return None
    return _first(left, right)


def _left_out(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many words have accents in one text where the other has none at all."""
    accented = sorted(sum(not word.isascii() for word in words) for words in (a, b))
    return 0 if accented[0] else accented[1]


def _is_moved(left: tuple[str, ...], right: tuple[str, ...], language: str) -> bool:
    return language in KNOWN and is_moved(left, right, language)


def _first(left: tuple[str, ...], right: tuple[str, ...]) -> str:
    only = (word for word in (*left, *right) if (word in left) != (word in right))
    return next(only, "the order of the words")
