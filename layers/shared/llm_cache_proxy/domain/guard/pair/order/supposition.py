"""What one text asks about and the other takes for given."""

from llm_cache_proxy.domain.guard.text.analysis import Analysis

_SUPPOSING = frozenset({"given", "because", "if", "unless", "until", "instead", "rather"})
"""Words behind which stands what is taken for given, or is passed over."""


def other_supposition(a: Analysis, b: Analysis) -> str | None:
    """What one text asks about and the other takes for given: "rain given clouds"."""
    if _SUPPOSING.isdisjoint(a.words):
        return None
    for word in _SUPPOSING & {*a.words} & {*b.words}:
        (asked, given), (other, others) = _parted_at(word, a), _parted_at(word, b)
        if given and others and given <= other - others and others <= asked - given:
            return f"{word} {min(given)} and {word} {min(others)}"
    return None


def _parted_at(word: str, analysis: Analysis) -> tuple[set[str], set[str]]:
    """The words with content before the last such word, and behind it."""
    words = [token.word for token in analysis.tokens]
    at = len(words) - 1 - words[::-1].index(word) if word in words else 0
    content = analysis.content
    before, behind = (
        {token.stem for token in part if token.stem in content}
        for part in (analysis.tokens[:at], analysis.tokens[at + 1 :])
    )
    return before, behind
