"""Facts about prefixes that negate, wherever a gap or a mark sets them apart from their word."""

import pytest

from llm_cache_proxy.domain.guard import Guard

GAPS = (
    *(" ", "  ", "\t", "\n", "\u00a0", "\u2009", "\u202f", "\u3000"),
    *("-", " - ", "\u2010", "\u2011", "\u2013", "'", "_", "."),
    *("\u200b", "\u00ad", "\u034f", "\u2060"),
)
NEGATED = {
    "safe": ("Is it safe to eat?", "un"),
    "like": ("Do customers like the product?", "dis"),
    "agree": ("Do they agree with the plan?", "dis"),
    "complete": ("Is the file complete?", "in"),
    "legal": ("Is this legal?", "il"),
    "regular": ("Is it regular?", "ir"),
    "mature": ("Is he mature enough?", "im"),
    "placed": ("Was the order placed?", "mis"),
    "productive": ("Is it productive?", "counter"),
}


@pytest.mark.parametrize("gap", GAPS, ids=ascii)
@pytest.mark.parametrize("word", NEGATED)
def test_a_prefix_negates_its_word_over_any_gap(word: str, gap: str) -> None:
    text, prefix = NEGATED[word]
    negated = text.replace(word, prefix + gap + word)

    assert not Guard().compare(text, negated).accepted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Which drugs are over the counter?", "Which drugs are over-the-counter?"),
        ("Is it un-wise to go?", "Is it unwise to go?"),
        ("Which antivirus is best?", "Which anti-virus is best?"),
        ("Is it un-wise to go?", "Is it un wise to go?"),
        ("Is a therapist expensive?", "Are therapists expensive?"),
        ("How do I spend less?", "How can I reduce spending?"),
    ],
)
def test_what_only_looks_set_apart_or_is_so_on_both_sides_does_not(one: str, other: str) -> None:
    assert Guard().compare(one, other).accepted
