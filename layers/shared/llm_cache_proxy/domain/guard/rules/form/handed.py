"""Differences in the text that is handed over to be worked on, in whatever layout."""

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis

_FEW = 2


def _handed_over(pair: Pair) -> str | None:
    left, right = pair.a.material, pair.b.material
    if left == right or _has_it(pair.a, right) or _has_it(pair.b, left):
        return None
    if pair.both_tell and (left is None or right is None):  # "Insight: …" over a plain statement
        return None
    if pair.retells and "\n" not in pair.a.text + pair.b.text:
        return None  # "The compilers come in two flavours: …"
    return "the text to work on differs"


def _has_it(analysis: Analysis, words: tuple[str, ...] | None) -> bool:
    """Whether a text that hands nothing over has these words in a row, or hardly any are asked."""
    if analysis.material is not None:
        return False
    handed = words or ()
    return len(handed) < _FEW or f" {' '.join(handed)} " in f" {' '.join(analysis.words)} "


HANDED_OVER = Rule(
    name="handed_over",
    looks_at="the text that is to be fixed, translated, answered from, …, in any layout",
    vetoes=(
        ("Fix the grammar: he go to school", "Fix the grammar: he goes to school"),
        ("Explain this code: print(a)", "Explain this code: print(b)"),
        ("Translate to Dutch.\nWe like it", "Translate to Dutch.\nThey like it"),
        ("I am late\n\nTranslate the above to Latin", "I was late\n\nTranslate the above to Latin"),
        ("You are kind. Shorten this: we met", "You are kind. Shorten this: they met"),
        ("hot -> cold\nwet -> dry\nold ->", "hot -> cold\nwet -> dry\nbig ->"),
        ("Text: the sea\nGreek:", "Text: a sea\nGreek:"),
        ("Context: Al cooks. Question: Who cooks?", "Context: Bo cooks. Question: Who cooks?"),
    ),
    passes=(
        ("Fix the grammar: he go to school", "Please correct the grammar: He go to school."),
        ("Explain this: what is love?", "What is love?"),
        ("Translate to Dutch.\nWe like it", "Please translate to Dutch:\nWe like it."),
        ("Context: Al cooks. Question: Who cooks?", "Context: Al cooks. Question: who cooks"),
        ("Hello,\n\nwhat is love?", "What is love?\n\nThank you"),
    ),
    check=_handed_over,
    any_language=True,
)
