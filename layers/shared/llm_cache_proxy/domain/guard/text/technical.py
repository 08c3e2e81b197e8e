"""Whether a text is about code, formulas or data, where capitals, marks and order count.

Looks at more than the words for computing: at its code, at file names, at a language that it names.
"""

from functools import cache

from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind
from llm_cache_proxy.domain.guard.words import lexicon

_NAMING = frozenset({"in", "with", "using", "for", "of"})
_FEW = 3
_MADE = frozenset("._")


@cache
def _languages() -> frozenset[str]:
    listed = lexicon.named("languages")
    return frozenset(listed["programming"]) | lexicon.word_set("short_language")


@cache
def _plain_languages() -> frozenset[str]:
    return (
        _languages() - lexicon.word_set("ambiguous_language") - lexicon.word_set("short_language")
    )


@once_a_text
def is_technical(analysis: Analysis) -> bool:
    """Whether code, a formula, a file or a programming language stands in the text."""
    if analysis.signature or analysis.code or "computing" in analysis.classes:
        return True
    if not _plain_languages().isdisjoint(analysis.words):
        return True
    query, languages = lexicon.word_set("query"), _languages()
    before = ""
    for raw, word, _, kind, capital, _ in analysis.plain:
        if kind is Kind.IDENTIFIER and not _MADE.isdisjoint(raw):
            return True
        if kind is Kind.WORD and capital:
            if raw.casefold() in languages and before in _NAMING:
                return True
            if len(raw) > len("is") and raw.isupper() and word in query:
                return len(analysis.words) <= _FEW or not analysis.text.isupper()
        before = word
    return False
