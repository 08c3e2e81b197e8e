"""Parts a prompt into what it asks for and the text that it hands over to be worked on.

Knows layouts, not meanings: lines, labels, colons, tags. The instruction may be reworded; the
material is what has to stay as it is.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.markers import is_order, question_types
from llm_cache_proxy.domain.guard.text.tokens import Kind, tokenise
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

Words = tuple[str, ...]
Pieces = tuple[str, ...]
"""Stretches of a text as written, each of which has a word."""

_PARTED = re.compile(r"(?:[.!?:]\s*|\n[^\S\n]*)\S[^.!?]")
"""Without a mark that something follows, a text is one piece."""
_INLINE_LABEL = re.compile(r"(?<=[.!?\"])[ \t]+(?=[A-Z][A-Za-z]{1,14}:\s)")
_LABELLED = re.compile(r"[\s#*]*([A-Za-z][A-Za-z ]{0,30}?)[\s*]*:[\s*]*(.*)", re.DOTALL)
_COLON = re.compile(r"([^:\n]{3,300}):\s+(\S.*)", re.DOTALL)
_DASHED = re.compile(r" (?:--?|[\u2013\u2014]|[-=]>) ")
_DASH = re.compile(r"([^:\n]{3,300}?)\s(?:--?|[\u2013\u2014]|[-=]>)\s+(\S.*)", re.DOTALL)
_TRANSLATED = re.compile(
    r"\b(?:say|translate|write)\s+(.{1,200}?)\s+(?:in|to|into)\s+(\w+)\W{0,3}$", re.IGNORECASE
)
_TITLE = re.compile(r"^\W*(?:task|instructions?|prompt)\s*:\s*(?=\w)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_OPENER = re.compile(r"[<\[]([A-Za-z][\w-]{0,30})(?![\w-])[^<>\[\]\n]{0,80}[>\]]|\"{3}|'{3}|<{2,3}")
"""What text may stand behind: a tag, or three marks of one kind."""
_OPENING = ("<", "[", '"""', "'''")
"""With one of these each of them begins."""
_WORD = re.compile(r"\w")
_FEW = 2
_FREE = frozenset({"question", "query", "q", "user", "customer", "human"})
_SPEAKERS = frozenset({"system", "assistant", "agent", "bot", "ai", "model", "support"})
_TITLES = frozenset({"instruction", "instructions", "prompt", "task", "system"})
_POINTS = frozenset({"this", "these", "following", "below", "above", "sentence", "text", "passage"})
_BACK = _POINTS | {"it", "that"}
_PIECES = frozenset(
    {"sentence", "text", "comment", "review", "message", "email", "paragraph", "passage", "tweet"}
    | {"statement", "story", "poem", "code", "quote", "note", "letter", "snippet", "dialogue"}
)
_UNMEANT = frozenset({Kind.MARK, Kind.SYMBOL})
_OBJECT_REACH = 6
_SAYING = frozenset({"say", "put", "phrase", "word"})
_DEGREES = frozenset({"more", "less"})
_REWORKS = frozenset({"do_fix", "do_translate", "do_summarize", "do_rewrite", "do_classify"})
_WITHOUT_TEXT = frozenset({"do_write", "do_list", "do_find", "do_delete", "do_add", "do_count"})


class _Enclosed(NamedTuple):
    """Text between two marks, and where the marks with it start and stop."""

    start: int
    inside: str
    stop: int


def material(text: str) -> Pieces | None:
    """The text that is handed over, as written; None where none is."""
    enclosed = _enclosed(text)
    if enclosed:
        inside = tuple(each.inside for each in enclosed if words_of(each.inside))
        if sum(len(words_of(piece)) for piece in inside) >= _FEW:
            return inside + _beside_enclosed(_without(text, enclosed))
    return _laid_out(text)


def _enclosed(text: str) -> list[_Enclosed]:
    """The pieces of text that stand between tags, or between three marks of one kind.

    Looks once for a closing mark that does not come: a log has a bracket in every line.
    """
    found: list[_Enclosed] = []
    if not any(map(text.__contains__, _OPENING)):
        return found
    at = 0
    unclosed: set[tuple[str, ...]] = set()
    while (opener := _OPENER.search(text, at)) is not None:
        closers = _closers(opener)
        ends = () if closers in unclosed else map(text.find, closers, (opener.end(),) * 2)
        closed_at = min((end for end in ends if end >= 0), default=-1)
        if closed_at < 0:
            unclosed.add(closers)
            at = opener.start() + 1
            continue
        if _WORD.search(text, opener.end(), closed_at):
            at = closed_at + len(closers[0])
            found.append(_Enclosed(opener.start(), text[opener.end() : closed_at], at))
        else:
            at = closed_at
    return found


def _closers(opener: re.Match[str]) -> tuple[str, ...]:
    """The marks either of which closes what `opener` opens."""
    if opener[1]:
        return f"</{opener[1]}>", f"[/{opener[1]}]"
    return (">>",) if opener[0][0] == "<" else (opener[0],)


def _without(text: str, enclosed: list[_Enclosed]) -> str:
    """What is left of a text around what is enclosed and its marks, on lines of its own."""
    starts = [0, *(each.stop for each in enclosed)]
    stops = [*(each.start for each in enclosed), len(text)]
    return "\n".join(text[start:stop] for start, stop in zip(starts, stops, strict=True))


def _beside_enclosed(rest: str) -> Pieces:
    """What is handed over beside the text in tags, such as a second one behind a label."""
    return (_laid_out(rest) or ()) if words_of(rest) else ()


def _laid_out(text: str) -> Pieces | None:
    """What lines, labels and colons hand over."""
    if _PARTED.search(text) is None and not _is_dashed(text):
        return _said_in_language(text)
    lines = [_TITLE.sub("", line) for line in _INLINE_LABEL.sub("\n", text).split("\n")]
    lines = [line for line in lines if words_of(line)]
    if len(lines) > 1 and words_of(lines[0])[0] in _TITLES and len(words_of(lines[0])) == 1:
        del lines[0]
    if not lines:
        return None
    if len(lines) == 1:
        return _after_head(lines[0])
    at = _instruction(lines)
    free = _free_line(lines)
    handed: list[str] = []
    for number, line in enumerate(lines):
        if number == at:
            handed.extend(_after_head(line) or ())
        elif number != free and not _is_courtesy(line):
            label = _LABELLED.match(line)
            named = label is not None and label[1].casefold() in _PIECES | {"text", "sentence"}
            handed.append(label[2] if label and named else line)
    return _with_words(handed)


def _with_words(pieces: Iterable[str]) -> Pieces | None:
    """The pieces that have a word; None without any."""
    return tuple(piece for piece in pieces if words_of(piece)) or None


def _is_dashed(text: str) -> bool:
    return _DASHED.search(text) is not None


def _said_in_language(text: str) -> Pieces | None:
    """What is to be said in another language, without marks: "say I am lost in Greek"."""
    found = _TRANSLATED.search(text)
    if found is None or found[2].casefold() not in lexicon.named("languages")["human"]:
        return None
    words = words_of(found[1])
    return (found[1],) if len(words) > 1 and _PIECES.isdisjoint(words) else None


@lru_cache(maxsize=256)
def words_of(text: str) -> Words:
    """The words and numbers of a piece of text, without marks."""
    return tuple(token.word for token in tokenise(text) if token.kind not in _UNMEANT)


def _instruction(lines: list[str]) -> int:
    """The number of the line that says what is to be done; -1 where none does."""
    works = [number for number, line in enumerate(lines) if _works(line)]
    if works:
        return works[0] if works[0] == 0 or works[-1] < len(lines) - 1 else works[-1]
    asking = [number for number, line in enumerate(lines) if asks(line)]
    if not asking or 0 in asking:
        return 0 if asking else -1
    return len(lines) - 1 if len(lines) - 1 in asking else asking[0]


def _free_line(lines: list[str]) -> int:
    """The number of the one line that is labelled as the question; -1 where there are more."""
    found = [
        number
        for number, line in enumerate(lines)
        if (label := _LABELLED.match(line)) and label[1].casefold() in _FREE and label[2]
    ]
    if any((label := _LABELLED.match(line)) and label[1].casefold() in _SPEAKERS for line in lines):
        return -1  # a conversation is handed over as a whole
    return found[0] if len(found) == 1 else -1


def _works(line: str) -> bool:
    """Whether a sentence of the line orders work on a text: to fix, translate, classify it."""
    head = line.partition(":")[0]
    return any(_has_work(words_of(sentence)) for sentence in _SENTENCE_END.split(head))


def _has_work(words: Words) -> bool:
    tasks = task_of(words)
    return bool(tasks) and not tasks & _WITHOUT_TEXT


def asks(line: str) -> bool:
    """Whether a sentence of the line is an order or a question."""
    return any(_is_asking(sentence) for sentence in _SENTENCE_END.split(line))


def _is_asking(sentence: str) -> bool:
    words = words_of(sentence)
    return sentence.rstrip().endswith("?") or is_order(words) or bool(question_types(words))


def _is_courtesy(line: str) -> bool:
    words = words_of(line)
    return all(stem(word) in lexicon.light_stems() or word in _COURTESY for word in words)


_COURTESY = frozenset({"you", "in", "advance", "so", "much", "very", "there", "all", "everyone"})


def _after_head(line: str) -> Pieces | None:
    """What one line hands over: after the colon, or after a sentence that points to it."""
    found = _COLON.match(line)
    if found is not None:
        return _after_colon(found[1], found[2])
    dashed = _DASH.match(line) if _is_dashed(line) else None
    if dashed is not None and task_of(words_of(dashed[1])) & _REWORKS:
        return _with_words([dashed[2]])
    sentences = _SENTENCE_END.split(line)
    for at, sentence in enumerate(sentences[:-1]):
        if _hands_over(words_of(sentence), sentences[at + 1 :]):
            return _with_words(sentences[at + 1 :])
    words = words_of(sentences[-1])
    if _points_back(words) and not any(map(_is_asking, sentences[:-1])):
        return _with_words(sentences[:-1])
    return None


def _after_colon(head: str, rest: str) -> Pieces | None:
    """What a head hands over: all of it to be worked on, else what is told before a question."""
    words = words_of(head)
    if not _FREE.isdisjoint(words):
        return None
    told = [each for each in _SENTENCE_END.split(rest) if not _is_asking(each)]
    handed = _with_words(told)
    points = is_order(words) and not _POINTS.isdisjoint(words)
    if not handed and task_of(words) <= {"do_explain"} and question_types(words_of(rest)):
        return None  # "Explain: what is love?"
    if _works(head) or (points and not handed):
        return _with_words([rest])
    return handed


def _hands_over(words: Words, rest: list[str]) -> bool:
    """Whether a sentence asks for work on the `rest`: "Shorten this.", "Turn into passive."."""
    if _has_work(words) and (not _POINTS.isdisjoint(words) or not any(map(_is_asking, rest))):
        return True
    return _points_on(words) or (words[-1:] == ("this",) and not _SAYING.isdisjoint(words))


def _points_back(words: Words) -> bool:
    """Whether a last sentence asks for work on what stands before it: "Rewrite in past tense."."""
    if not _has_work(words):
        return False
    return not _BACK.isdisjoint(words) or not lexicon.word_set("preposition").isdisjoint(words[1:2])


def _points_on(words: Words) -> bool:
    """Whether the words speak of "this sentence", "the following text"."""
    return any(one in _POINTS and other in _PIECES for one, other in pairwise(words))


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
    return not (_DEGREES.isdisjoint(rest) and _BACK.isdisjoint(rest[:1]))


def _tasks(word: str) -> frozenset[str]:
    titles = lexicon.classes_of().get(word) or lexicon.classes_of().get(stem(word), ())
    return frozenset(title for title in titles if title.startswith("do_"))
