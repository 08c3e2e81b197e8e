"""Differences in the text that is handed over to be worked on, in whatever layout."""

from functools import cache
from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.order.sentences import are_reordered
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.material import words_of
from llm_cache_proxy.domain.guard.text.tokens import Kind
from llm_cache_proxy.domain.guard.words import lexicon

_FEW = 2
_INTO = frozenset({"in", "into", "to"})


def _handed_over(pair: Pair) -> str | None:
    if _is_spelled_otherwise(pair):
        return "the letters or marks to work on differ"
    left, right = pair.a.material, pair.b.material
    if left == right and left is not None:
        return None
    if left == right or _has_it(pair.a, right) or _has_it(pair.b, left):
        return _other_form(pair)
    return None if _is_told_alike(pair) else "the text to work on differs"


def _is_told_alike(pair: Pair) -> bool:
    """Whether facts stand in another order, or statements only look like a text handed over."""
    if are_reordered(pair.a, pair.b):
        return True
    if pair.both_tell and (pair.a.material is None or pair.b.material is None):
        return True  # "Insight: …" over a plain statement
    # news also tell behind a colon, such as "The compilers come in two flavours: …"
    return pair.retells and "\n" not in pair.a.text + pair.b.text


def _other_form(pair: Pair) -> str | None:
    """A word of another form in a task about wording: "the past tense of run", "of ran"."""
    if pair.both_tell or not (_is_about_wording(pair.a) and _is_about_wording(pair.b)):
        return None
    left, right = _forms(pair.a), _forms(pair.b)
    apart = [
        stem
        for stem in left.keys() & right.keys()
        if left[stem] != right[stem] and len(left[stem]) == len(right[stem])
    ]
    if len(apart) != 1:  # "the best books in French are", "the best book in French is"
        return None
    return f"{' '.join(left[apart[0]])} and {' '.join(right[apart[0]])}"


@once_a_text
def _is_about_wording(analysis: Analysis) -> bool:
    if not lexicon.word_set("wording").isdisjoint(analysis.words):
        return True
    languages = _languages()
    return not languages.isdisjoint(analysis.words) and any(
        (one in _INTO and other in languages) or (one in languages and other == "for")
        for one, other in pairwise(analysis.words)
    )


@cache
def _languages() -> frozenset[str]:
    return frozenset(lexicon.named("languages")["human"])


@once_a_text
def _forms(analysis: Analysis) -> dict[str, tuple[str, ...]]:
    """Stem → the forms of it that the text has, but for words of the task itself."""
    found: dict[str, tuple[str, ...]] = {}
    own = lexicon.word_set("wording") | lexicon.word_set("of_wording")
    asks, before = lexicon.word_set("question_word"), ""
    for token in analysis.plain:
        is_own = token.word in own or token.stem in own
        if token.kind is Kind.WORD and not is_own and before not in asks:
            found[token.stem] = tuple(sorted((*found.get(token.stem, ()), token.word)))
        before = token.word
    return found


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
