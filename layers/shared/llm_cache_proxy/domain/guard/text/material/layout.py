"""Parts a prompt into what it asks for and the text that it hands over to be worked on.

Knows layouts, not meanings: lines, labels, colons, tags. The instruction may be reworded; the
material is what has to stay as it is.
"""

import re
from collections.abc import Iterable

from llm_cache_proxy.domain.guard.text.markers import is_order, question_types
from llm_cache_proxy.domain.guard.text.material.enclosed import enclosed_in, without
from llm_cache_proxy.domain.guard.text.material.instructions import (
    PIECES,
    POINTS,
    SENTENCE_END,
    asks,
    hands_over,
    is_asking,
    points_back,
    task_of,
    words_of,
    works,
)
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

Pieces = tuple[str, ...]
"""Stretches of a text as written, each of which has a word."""
_PARTED = re.compile(r"(?:[.!?:]\s*|\n[^\S\n]*)\S[^.!?]")
"""Without a mark that something follows, a text is one piece."""
_INLINE_LABEL = re.compile(r"(?<=[.!?\"])[ \t]+(?=[A-Z][A-Za-z]{1,14}:\s)")
_LABELLED = re.compile(r"[\s#*]*([A-Za-z][A-Za-z ]{0,30}?)[\s*]*:[\s*]*(.*)", re.DOTALL)
_COLON = re.compile(r"([^:\n]{3,300}):\s+(\S.*)", re.DOTALL)
_DASHES = r"(?:--?|[\u2013\u2014]|[-=]>|>{1,3}|<-|\||//)"
_DASHED = re.compile(rf" {_DASHES} ")
_DASH = re.compile(rf"([^:\n]{{3,300}}?)\s{_DASHES}\s+(\S.*)", re.DOTALL)
_TRANSLATED = re.compile(
    r"\b(?:say|translate|write)\s+(?:the (?:word|phrase|sentence) )?(.{1,200}?)"
    r"\s+(?:in|to|into)\s+(\w+)\W{0,3}$",
    re.IGNORECASE,
)
_TITLE = re.compile(r"^\W*(?:task|instructions?|prompt)\s*:\s*(?=\w)", re.IGNORECASE)
_FEW = 2
_FREE = frozenset({"question", "query", "q", "user", "customer", "human"})
_SPEAKERS = frozenset({"system", "assistant", "agent", "bot", "ai", "model", "support"})
_TITLES = frozenset({"instruction", "instructions", "prompt", "task", "system"})
_REWORKS = frozenset({"do_fix", "do_translate", "do_summarize", "do_rewrite", "do_classify"})


def material(text: str) -> Pieces | None:
    """The text that is handed over, as written; None where none is."""
    enclosed = enclosed_in(text)
    if enclosed:
        inside = tuple(each.inside for each in enclosed if words_of(each.inside))
        if sum(len(words_of(piece)) for piece in inside) >= _FEW:
            return inside + _beside_enclosed(without(text, enclosed))
    return _laid_out(text)


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
            named = label is not None and label[1].casefold() in PIECES | {"text", "sentence"}
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
    return (found[1],) if len(words) > 1 and PIECES.isdisjoint(words) else None


def _instruction(lines: list[str]) -> int:
    """The number of the line that says what is to be done; -1 where none does."""
    at_work = [number for number, line in enumerate(lines) if works(line)]
    if at_work:
        return at_work[0] if at_work[0] == 0 or at_work[-1] < len(lines) - 1 else at_work[-1]
    if lines[0].rstrip().endswith(":") and not POINTS.isdisjoint(words_of(lines[0])):
        return 0  # "Minify this script:"
    asking = [number for number, line in enumerate(lines) if asks(line) and not _is_label(line)]
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


def _is_label(line: str) -> bool:
    """Whether a line is a name for what stands below it: "Email:"."""
    return line.rstrip().endswith(":") and len(words_of(line)) == 1


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
    if dashed is not None:
        if _is_about_text(dashed[1]):
            return _with_words([dashed[2]])
        if _is_about_text(dashed[2]):
            return _with_words([dashed[1]])
    sentences = SENTENCE_END.split(line)
    for at, sentence in enumerate(sentences[:-1]):
        if hands_over(words_of(sentence), sentences[at + 1 :]):
            return _with_words(sentences[at + 1 :])
    words = words_of(sentences[-1])
    if points_back(words) and not any(map(is_asking, sentences[:-1])):
        return _with_words(sentences[:-1])
    return None


def _is_about_text(head: str) -> bool:
    """Whether a head names a text or orders work on one: "Paraphrase", "Text to fix"."""
    words = words_of(head)
    return bool(task_of(words) & _REWORKS) or (
        words[1:3] == ("to", "fix") and not PIECES.isdisjoint(words[:1])
    )


def _after_colon(head: str, rest: str) -> Pieces | None:
    """What a head hands over: all of it to be worked on, else what is told before a question."""
    words = words_of(head)
    if not _FREE.isdisjoint(words):
        return None
    told = [each for each in SENTENCE_END.split(rest) if not is_asking(each)]
    handed = _with_words(told)
    points = is_order(words) and not POINTS.isdisjoint(words)
    if not handed and task_of(words) <= {"do_explain"} and question_types(words_of(rest)):
        return None  # "Explain: what is love?"
    if works(head) or (points and not handed):
        return _with_words([rest])
    return handed
