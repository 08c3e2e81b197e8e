"""What a sentence of a prompt asks to be done, and whether with a text that it points to."""

import re
from functools import lru_cache
from itertools import pairwise

from llm_cache_proxy.domain.guard.text.markers import is_order, question_types
from llm_cache_proxy.domain.guard.text.tokens import Kind, tokenise
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

Words = tuple[str, ...]
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
POINTS = frozenset({"this", "these", "following", "below", "above", "sentence", "text", "passage"})
BACK = POINTS | {"it", "that"}
PIECES = frozenset(
    {"sentence", "text", "comment", "review", "message", "email", "paragraph", "passage", "tweet"}
    | {"statement", "story", "poem", "code", "quote", "note", "letter", "snippet", "dialogue"}
)
_UNMEANT = frozenset({Kind.MARK, Kind.SYMBOL})
_OBJECT_REACH = 6
_POINTING = frozenset({"this", "these", "here", "it"})
_SAYING = frozenset({"say", "put", "phrase", "word"})
_DEGREES = frozenset({"more", "less"})
_WITHOUT_TEXT = frozenset({"do_write", "do_list", "do_find", "do_delete", "do_add", "do_count"})


@lru_cache(maxsize=256)
def words_of(text: str) -> Words:
    """The words and numbers of a piece of text, without marks."""
    return tuple(token.word for token in tokenise(text) if token.kind not in _UNMEANT)


def works(line: str) -> bool:
    """Whether a sentence of the line orders work on a text: to fix, translate, classify it."""
    head = line.partition(":")[0]
    return any(has_work(words_of(sentence)) for sentence in SENTENCE_END.split(head))


def has_work(words: Words) -> bool:
    """Whether the words order something to be done with a text."""
    tasks = task_of(words)
    return bool(tasks) and not tasks & _WITHOUT_TEXT


def asks(line: str) -> bool:
    """Whether a sentence of the line is an order or a question."""
    return any(is_asking(sentence) for sentence in SENTENCE_END.split(line))


def is_asking(sentence: str) -> bool:
    """Whether a sentence is an order or a question."""
    words = words_of(sentence)
    return sentence.rstrip().endswith("?") or is_order(words) or bool(question_types(words))


def hands_over(words: Words, rest: list[str]) -> bool:
    """Whether a sentence asks for work on the `rest`: "Shorten this.", "Turn into passive."."""
    if has_work(words) and (not POINTS.isdisjoint(words) or not any(map(is_asking, rest))):
        return True
    return (
        _questions(words)
        or _points_on(words)
        or (words[-1:] == ("this",) and not _SAYING.isdisjoint(words))
    )


def _questions(words: Words) -> bool:
    """Whether a sentence asks how the text that it points to is worded: "Is this correct?"."""
    asked = lexicon.word_set("questioned")
    return not (asked.isdisjoint(words) or _POINTING.isdisjoint(words) or is_order(words))


def points_back(words: Words) -> bool:
    """Whether a last sentence asks for work on what stands before it: "Rewrite in past tense."."""
    if not has_work(words):
        return False
    return not BACK.isdisjoint(words) or not lexicon.word_set("preposition").isdisjoint(words[1:2])


def _points_on(words: Words) -> bool:
    """Whether the words speak of "this sentence", "the following text"."""
    return any(one in POINTS and other in PIECES for one, other in pairwise(words))


def task_of(words: Words) -> frozenset[str]:
    """What the first verb of a command asks to be done with its object; empty when unclear."""
    at = 0
    while at < len(words) and words[at] in lexicon.word_set("opener"):
        at += 1
    at += 2 * (words[at : at + 2] == ("help", "me"))
    if at >= len(words) or words[at] in lexicon.word_set("question_word"):
        return frozenset()
    tasks = _tasks(words[at])
    if words[at] == "make" and _makes_over(words[at + 1 :]):
        reached = frozenset().union(*map(_tasks, words[at + 1 : at + 1 + _OBJECT_REACH]))
        return _tasks("rewrite") | reached & {"do_summarize"}  # "make this shorter"
    if "do_write" in tasks:  # "give a summary" is to summarize
        for word in words[at + 1 : at + 1 + _OBJECT_REACH]:
            tasks |= _tasks(word)
    return tasks


def _makes_over(rest: Words) -> bool:
    """Whether what is there is made into something: "make this polite", "make it more formal"."""
    return not (_DEGREES.isdisjoint(rest) and BACK.isdisjoint(rest[:1]))


def _tasks(word: str) -> frozenset[str]:
    titles = lexicon.classes_of().get(word) or lexicon.classes_of().get(stem(word), ())
    return frozenset(title for title in titles if title.startswith("do_"))
