"""Facts about how much of two texts differs."""

import pytest

from llm_cache_proxy.domain.guard import LONGEST_TEXT, Guard
from llm_cache_proxy.domain.guard.pair.traits import NO_TRAITS, Traits


def traits(a: str, b: str) -> Traits:
    return Guard().compare_closely(a, b)[1]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("How do I learn Rust?", "What is the best way to learn Rust?"),
        ("Who wrote Dune?", "Who is the author of Dune?"),
        ("?", "How tall is Everest?"),
    ],
)
def test_neither_text_comes_first(a: str, b: str) -> None:
    assert traits(a, b) == traits(b, a)


def test_a_text_and_itself_have_nothing_apart() -> None:
    assert traits("Who wrote Dune?", "Who wrote Dune?") == NO_TRAITS


def test_texts_too_long_to_be_compared_have_no_traits() -> None:
    assert traits("a" * (LONGEST_TEXT + 1), "b") == NO_TRAITS


def test_a_comparison_says_the_same_closely_or_not() -> None:
    pair = ("Name three planets", "Name four planets")

    assert Guard().compare_closely(*pair)[0] == Guard().compare(*pair)


def test_function_words_alone_leave_no_word_over() -> None:
    found = traits("How do I cook rice?", "How can you cook rice?")

    assert (found.left_over, found.other_stems, found.other_end) == (0, 0, 0)
    assert found.function_words > 0
    assert found.changed == 4


def test_a_synonym_has_another_stem_and_is_not_left_over() -> None:
    found = traits("How do I buy a car?", "How do I purchase a car?")

    assert (found.other_stems, found.left_over) == (2, 0)


def test_a_name_on_one_side_weighs_more_than_another_word() -> None:
    named = traits("Where is Quito?", "Where is Lagos?")
    common = traits("Where is basil?", "Where is thyme?")

    assert named.left_over == pytest.approx(1.5 * common.left_over)


def test_another_last_word_is_told() -> None:
    assert traits("Is tea healthy?", "Is tea cheap?").other_end == 1


def test_the_same_stems_in_another_order_are_told() -> None:
    assert traits("Is rice bread?", "Is bread rice?").same_stems == 1
