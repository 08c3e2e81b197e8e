"""Differences in the text that is handed over to be worked on, in whatever layout."""

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.material import words_of

_FEW = 2


def _handed_over(pair: Pair) -> str | None:
    if _is_spelled_otherwise(pair):
        return "the letters or marks to work on differ"
    left, right = pair.a.material, pair.b.material
    if left == right or _has_it(pair.a, right) or _has_it(pair.b, left):
        return None
    if pair.both_tell and (left is None or right is None):  # "Insight: …" over a plain statement
        return None
    if pair.retells and "\n" not in pair.a.text + pair.b.text:
        return None  # "The compilers come in two flavours: …"
    return "the text to work on differs"


def _is_spelled_otherwise(pair: Pair) -> bool:
    """Whether a task about letters or marks is given others, in the same words."""
    a, b = pair.a, pair.b
    if a.spelled is None and b.spelled is None:
        return False
    if a.spelled is None or b.spelled is None:
        return not pair.both_tell and any(
            one.spelled is not None and _is_respelt(one.spelled.text, other.text)
            for one, other in ((a, b), (b, a))
        )
    return a.spelled.differs(b.spelled)


def _is_respelt(passage: str, text: str) -> bool:
    """Whether a text has the passage in other capitals alone."""
    return passage not in text and passage.casefold() in text.casefold()


def _has_it(analysis: Analysis, words: tuple[str, ...] | None) -> bool:
    """Whether a text that hands nothing over has these words in a row, or hardly any are asked."""
    if analysis.material is not None:
        return False
    handed = words or ()
    if len(handed) < _FEW or f" {' '.join(handed)} " in f" {' '.join(analysis.words)} ":
        return True
    return f" {' '.join(handed)} " in f" {' '.join(words_of(analysis.text))} "


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
        ("Reverse: Hello", "Reverse: hello"),
        ("How many commas are here: oh, no", "How many commas are here: oh no"),
        ("What is the MD5 of Oslo?", "What is the MD5 of oslo?"),
    ),
    passes=(
        ("Fix the grammar: he go to school", "Please correct the grammar: He go to school."),
        ("Explain this: what is love?", "What is love?"),
        ("Translate to Dutch.\nWe like it", "Please translate to Dutch:\nWe like it."),
        ("Context: Al cooks. Question: Who cooks?", "Context: Al cooks. Question: who cooks"),
        ("Hello,\n\nwhat is love?", "What is love?\n\nThank you"),
        ("Reverse: Hello", "Please reverse this: 'Hello'"),
    ),
    check=_handed_over,
    any_language=True,
)
