from dataclasses import replace

import pytest

from llm_cache_proxy.domain.answers import (
    LEAST_AGREEMENT,
    Comparison,
    agreement,
    clearly_differs,
    compared,
)

SIMILAR = Comparison(
    similarity=0.85,
    covered=0.6,
    overlap=0.5,
    contradicted=0.0,
    numbers_differ=False,
    stances_differ=False,
    refusals_differ=False,
    languages_differ=False,
)


def test_two_wordings_of_one_answer_agree() -> None:
    answers = (
        "Canberra is Australia's capital city. It lies between Sydney and Melbourne.",
        "The capital of Australia is Canberra.",
    )

    assert agreement(compared(("capital of Australia",) * 2, answers, 0.75)) >= LEAST_AGREEMENT


def test_answers_with_other_numbers_and_words_do_not() -> None:
    answers = ("HTTPS uses port 443 by default.", "SSH uses port 22 by default.")
    prompts = ("What port does HTTPS use?", "What port does SSH use?")

    assert agreement(compared(prompts, answers, 0.6)) < LEAST_AGREEMENT


@pytest.mark.parametrize("difference", ["refusals_differ", "languages_differ"])
def test_a_refusal_or_another_language_never_agrees(difference: str) -> None:
    assert agreement(replace(SIMILAR, **{difference: True})) == 0.0


@pytest.mark.parametrize(
    "worse",
    [
        replace(SIMILAR, similarity=0.5),
        replace(SIMILAR, covered=0.1),
        replace(SIMILAR, contradicted=1.0),
        replace(SIMILAR, numbers_differ=True),
        replace(SIMILAR, stances_differ=True),
    ],
)
def test_each_difference_lowers_the_agreement(worse: Comparison) -> None:
    assert agreement(worse) < agreement(SIMILAR)


def test_answers_that_hardly_agree_do_not_clearly_differ() -> None:
    doubtful = replace(SIMILAR, similarity=0.6, covered=0.3, overlap=0.3)

    assert not clearly_differs(doubtful)
    assert clearly_differs(replace(doubtful, similarity=0.4))
