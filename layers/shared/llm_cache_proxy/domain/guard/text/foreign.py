"""Texts in other languages than English: which language it is, and which words may come and go.

Never guesses at meaning: two texts of such a language have the same words, or the lists of the
language say that the words which differ stand for one another.
"""

from functools import cache, lru_cache

from llm_cache_proxy.domain.guard.text.cleaning import cleaned, without_accents
from llm_cache_proxy.domain.guard.text.rewording import alike_articled, is_moved, reworded
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token, tokenise
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import base_forms, stem

ENGLISH = "en"
UNDETERMINED = "und"
"""A text without a single word that any list has: "Activar datos móviles"."""
KNOWN = ("de", "fr", "es", "pt", "it", "nl", "hi")
"""Languages with a list of their own, `words/<language>.txt`."""
_TELLS = 2
_PAST_LATIN = "\u0250"
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_BARE = str.maketrans("أإآάέήίόύώϊΐϋΰ", "اااαεηιουωιιυυ")
"""Letters as they are typed in haste: an alef without its hamza, Greek without accents."""
_SHORT = 3
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
    best = max(counts, key=lambda language: counts[language], default="")
    foreign = counts.get(best, 0)
    if foreign > english or (foreign == english > 0 and not _in_english_letters(tokens)):
        return best
    if english:
        return ENGLISH
    words = [token.word for token in tokens if token.kind is Kind.WORD]
    if len(words) < _TELLS or any(map(_is_listed, words)):
        return ""
    return UNDETERMINED if all(without_accents(word).isascii() for word in words) else ""


def _in_english_letters(tokens: tuple[Token, ...]) -> bool:
    return all(token.word.isascii() for token in tokens)


@lru_cache(maxsize=16384)
def _is_listed(word: str) -> bool:
    """Whether an English list has the word, so that the rules can read some of the text."""
    return _is_english(word) or word in lexicon.classes_of() or word in _english()


def _in_name(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the word is a part of a name, such as "Los Angeles", or of a formula."""
    token, after = tokens[at], tokens[at + 1 : at + 2]
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
    differing = [(one, other) for one, other in zip(left, right, strict=True) if one != other]
    if not all(_is_respelt(one, other, language) for one, other in differing):
        return _first(left, right)
    bare = any(all(word.isascii() for word in words) for words in (left, right))
    if bare and (len(differing) > 1 or not _another_by_accent(*differing[0])):
        return None  # typed without any accents
    if any(all(word.isascii() for word in side) for side in zip(*differing, strict=True)):
        return next((one for one, other in differing if _another_by_accent(one, other)), None)
    return _first(left, right)


def _is_moved(left: tuple[str, ...], right: tuple[str, ...], language: str) -> bool:
    return language in KNOWN and is_moved(left, right, language)


def are_typed_bare(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether one of two texts is the other without the accents of Greek, or the hamza on an alef.

    A single short word may be another one by them, as Greek "or" and "the" are.
    """
    if len(left) != len(right) or "".join(left).isascii():
        return False
    differing = [(one, other) for one, other in zip(left, right, strict=True) if one != other]
    if not all(_is_bare(*words) or _is_bare(*words[::-1]) for words in differing):
        return False
    return len(differing) > 1 or all(len(one) > _SHORT for one, _ in differing)


def _is_bare(one: str, other: str) -> bool:
    return one.translate(_BARE) == other


def _first(left: tuple[str, ...], right: tuple[str, ...]) -> str:
    only = (word for word in (*left, *right) if (word in left) != (word in right))
    return next(only, "the order of the words")


def _is_respelt(one: str, other: str, language: str) -> bool:
    """Whether the words are one but for accents that may be left out in `language`."""
    if language not in {*KNOWN, UNDETERMINED}:
        return False
    if language == "de":
        one, other = one.translate(_SPELT), other.translate(_SPELT)
    return without_accents(one) == without_accents(other)


def _another_by_accent(one: str, other: str) -> bool:
    """Whether an accent alone may make another word: "el" and "él", "paso" and "pasó"."""
    if one.endswith("s") and other.endswith("s"):  # "marchés"
        one, other = one[:-1], other[:-1]
    bare = without_accents(one)
    lists = [lexicon.named(language) for language in KNOWN]
    if any(not {bare, bare + "s"}.isdisjoint(each.get("accent", ())) for each in lists):
        return True
    return one[-1:] != other[-1:] and any(bare[-1] in each.get("ending", ()) for each in lists)
