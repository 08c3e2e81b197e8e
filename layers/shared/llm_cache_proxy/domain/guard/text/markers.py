"""Which closed classes a text shows, which types of question it asks, and its mood.

The mood is question, order or plain statement. Never compares two texts, and never guesses from
punctuation alone: prompts are often typed without any.
"""

from functools import cache

from llm_cache_proxy.domain.guard.text.tokens import Token
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

_POLITE = frozenset({"please", "hi", "hello", "hey", "so", "and", "but", "ok", "okay"})
_BE = (("is",), ("are",), ("was",), ("were",))
_OR_WHY_NOT = ("why", "or", "why", "not")
_DEFINITION = 5
_KEYWORDS = 4
"""Words beyond which a text without a mark is no row of keywords."""
_ENDS = frozenset(".!")


@cache
def _class_phrases() -> dict[str, tuple[tuple[str, ...], ...]]:
    members = lexicon.classes_of()
    return lexicon.by_first(tuple(member.split("_")) for member in members if "_" in member)


@cache
def _question_phrases() -> dict[str, lexicon.Beginning]:
    return lexicon.by_first_two(tuple(phrase.split("_")) for phrase in _question_types())


@cache
def _question_types() -> dict[str, str]:
    named = lexicon.named("questions")
    return {phrase: title for title, phrases in named.items() for phrase in phrases}


def closed_classes(tokens: tuple[Token, ...]) -> dict[str, str]:
    """Class → the word or phrase that shows it, for every closed class in the text."""
    members = lexicon.classes_of()
    phrases = _class_phrases()
    found: dict[str, str] = {}
    skip = 0
    for at, (_, word, root, _, _, _) in enumerate(tokens):
        if at < skip:
            continue
        if word in phrases:
            for phrase in phrases[word]:
                if tuple([each.word for each in tokens[at : at + len(phrase)]]) == phrase:
                    skip = at + len(phrase)
                    for title in members["_".join(phrase)]:
                        found.setdefault(title, " ".join(phrase))
            if at < skip:
                continue
        titles = members.get(word) or members.get(root)
        if titles:
            for title in titles:
                found.setdefault(title, word)
    return found


def question_types(words: tuple[str, ...]) -> frozenset[str]:
    """The types of question asked, by the phrases that ask; "yesno" for a leading auxiliary."""
    if words[-4:] == _OR_WHY_NOT:
        words = words[:-4]
    found = _types_by_phrase(words)
    first = ""
    for word in words:
        if word not in _POLITE:
            first = word
            break
    if first in lexicon.word_set("auxiliary") and words[1:2] != ("you",):
        found.add("exists" if "there" in words[1:3] else "yesno")
    if words[0:1] == ("what",) and words[1:2] in _BE and len(words) <= _DEFINITION:
        found |= {"define"} if found == {"what"} else set()
    return frozenset(found)


def _types_by_phrase(words: tuple[str, ...]) -> set[str]:
    types = _question_types()
    phrases = _question_phrases()
    found: set[str] = set()
    skip = 0
    for at in [at for at, word in enumerate(words) if word in phrases]:
        if at < skip:
            continue
        for phrase in lexicon.beginning(phrases[words[at]], words[at + 1 : at + 2]):
            if words[at : at + len(phrase)] == phrase:
                if (
                    len(phrase) > 1
                    or phrase[0] not in lexicon.word_set("relative")
                    or _asks(words, at)
                ):
                    degree = phrase == ("how",) and words[at + 2 : at + 3] in _BE
                    found.add("degree" if degree else types["_".join(phrase)])
                skip = at + len(phrase)
                break
    return found


def asking(tokens: tuple[Token, ...], words: tuple[str, ...]) -> tuple[str, ...]:
    """The words behind a time that is set in front: "When it rains, do bees fly?"."""
    if words[:1] != ("when",):
        return words
    for at, token in enumerate(tokens[:-1]):
        if token.raw == "," and at > 1:
            opens = tokens[at + 1].word
            asks = lexicon.word_set("auxiliary") | lexicon.word_set("question_word")
            return tuple(each.word for each in tokens[at + 1 :]) if opens in asks else words
    return words


def _asks(words: tuple[str, ...], at: int) -> bool:
    """Whether a word that may open a relative clause asks here instead."""
    return at == 0 or words[at - 1] in lexicon.word_set("before_question")


def tells(text: str, words: tuple[str, ...], questions: frozenset[str]) -> bool:
    """Whether the text states something about third persons and asks for nothing."""
    if "?" in text or questions or not words or not lexicon.word_set("person").isdisjoint(words):
        return False
    if words[0] in _orders() or stem(words[0]) in _orders():
        return False
    if words[0] in {"a", "an"} or text.rstrip()[-1:] in _ENDS:
        return True
    if len(words) > _KEYWORDS:
        return not is_row_of_keywords(text, words)
    return any(map(_is_finite, words))


def is_row_of_keywords(text: str, words: tuple[str, ...]) -> bool:
    """Whether words stand in a row as one types them into a search, and make no sentence.

    A headline, which opens with a capital and a name, is none.
    """
    opens = text[:1].islower() or words[0] in lexicon.word_set("describing")
    return opens and _in_sentences().isdisjoint(words)


def _is_finite(word: str) -> bool:
    """Whether a word may be the verb of a statement, which keywords lack: "Paris hotels"."""
    return word in lexicon.word_set("auxiliary") or word.endswith(("ed", "ing"))


@cache
def _in_sentences() -> frozenset[str]:
    """Words that keywords hardly have."""
    return lexicon.word_set("auxiliary") | lexicon.word_set("sentence")


def is_order(words: tuple[str, ...]) -> bool:
    """Whether the text opens with an order, perhaps a polite one: "Could you list …"."""
    at = 0
    while at < len(words) and words[at] in lexicon.word_set("opener"):
        at += 1
    if at == len(words) or words[at] in lexicon.word_set("question_word"):
        return False
    return words[at] in _orders() or stem(words[at]) in _orders()


def _orders() -> frozenset[str]:
    """Verbs that open a command."""
    return lexicon.word_set("order")
