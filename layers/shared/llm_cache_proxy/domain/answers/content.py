"""One answer in parts: words, numbers, yes or no, refusal, language.

Never looks at a second answer.
"""

import re
from dataclasses import dataclass

from llm_cache_proxy.domain.answers.pieces import LONGEST_ANSWER, pieces
from llm_cache_proxy.domain.guard.text.quantities import quantities
from llm_cache_proxy.domain.guard.text.scripts import written_in
from llm_cache_proxy.domain.guard.text.tokens import Kind, tokenise
from llm_cache_proxy.domain.guard.words import lexicon

_SEPARATORS = frozenset({Kind.MARK, Kind.SYMBOL})
_YES = frozenset({"yes", "sure", "certainly", "absolutely", "indeed"})
_NO = frozenset({"no", "unfortunately"})
_CODE_WORD = re.compile(r"\w+")
_REFUSAL = re.compile(
    r"^\W*(?:i'?m|i am|we'?re|my apologies|i apologi[sz]e|sorry)\b[^.!?]{0,40}"
    r"\b(?:sorry|unable|can't|cannot|apolog|not able)|"
    r"^\W*(?:sorry|i (?:can't|cannot|can not|won't|am unable|must decline))\b",
    re.IGNORECASE,
)
_OPENING_LENGTH = 160


@dataclass(frozen=True, slots=True)
class Content:
    """One answer: its pieces, the stems of its words with content, and its numbers.

    `stance` is "yes", "no" or empty: what the first word says. `script` and `language` are empty
    where they are unknown. Code counts word by word.
    """

    pieces: tuple[str, ...]
    stems: frozenset[str]
    numbers: frozenset[str]
    stance: str
    refuses: bool
    script: str
    language: str


def content(answer: str) -> Content:
    """The parts of an answer; text after `LONGEST_ANSWER` characters is not read."""
    text = answer[:LONGEST_ANSWER].replace("\u2019", "'")
    tokens = tokenise(text)
    said = tuple(token for token in tokens if token.kind is not Kind.MARK)
    found, _ = quantities(tokens)
    script, language = written_in(said)
    return Content(
        pieces=pieces(text),
        stems=stems(text),
        numbers=frozenset(each.value for each in found if not each.optional),
        stance=_stance(said[0].word if said else ""),
        refuses=_REFUSAL.search(text[:_OPENING_LENGTH]) is not None,
        script=script,
        language=language,
    )


def stems(text: str) -> frozenset[str]:
    """The stems of the words of `text` that have content of their own."""
    found: set[str] = set()
    for token in tokenise(text):
        if token.kind is Kind.CODE:
            found.update(_CODE_WORD.findall(token.word.casefold()))
        elif token.kind not in _SEPARATORS and token.word not in lexicon.function_words():
            found.add(token.stem)
    return frozenset(found)


def _stance(word: str) -> str:
    if word in _YES:
        return "yes"
    return "no" if word in _NO else ""
