import pytest

from llm_cache_proxy.domain.answers.comparison import Comparison, compared

SAME = ("How do I boil an egg?", "How do I boil an egg?")


def found(one: str, other: str, prompts: tuple[str, str] = SAME) -> Comparison:
    return compared(prompts, (one, other), 0.9)


def test_the_similarity_is_taken_as_given() -> None:
    assert found("Six minutes.", "Ten minutes.").similarity == 0.9


def test_new_words_of_the_shorter_answer_are_covered_by_a_longer_one() -> None:
    both = found("Simmer gently.", "Simmer gently, then cool quickly under water.")

    assert both.covered == 1.0
    assert 0 < both.overlap < 1


def test_words_of_either_prompt_are_no_news() -> None:
    prompts = ("What is the capital of Austria?", "What is the capital of Australia?")

    both = found("The capital of Austria is Vienna.", "Australia's capital is Canberra.", prompts)

    assert both.covered == 0.0


@pytest.mark.parametrize(("one", "other"), [("", "Simmer."), ("Boil an egg.", "Simmer.")])
def test_an_answer_without_a_new_word_is_covered(one: str, other: str) -> None:
    assert (found(one, other).covered, found(one, other).overlap) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Six minutes.", "Six or seven minutes.", False),
        ("Six minutes.", "11 minutes.", True),
        ("Six minutes.", "Some minutes.", False),
    ],
)
def test_numbers_differ_where_no_number_is_shared(one: str, other: str, *, differ: bool) -> None:
    assert found(one, other).numbers_differ is differ


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Yes, it is.", "No, it is not.", True),
        ("Yes, it is.", "Certainly.", False),
        ("No.", "It depends.", False),
        ("Yes.", "", False),
    ],
)
def test_stances_differ_between_yes_and_no_only(one: str, other: str, *, differ: bool) -> None:
    assert found(one, other).stances_differ is differ


@pytest.mark.parametrize(
    "refusal",
    ["I'm sorry, but I can't help with that.", "I cannot do that."],
)
def test_a_refusal_differs_from_an_answer(refusal: str) -> None:
    assert found(refusal, "Simmer for six minutes.").refusals_differ
    assert not found(refusal, "Sorry, I can't.").refusals_differ


def test_languages_and_scripts_differ_where_both_are_known() -> None:
    english = "Put the egg into the boiling water and wait for the time that you like."
    german = "Lege das Ei in das kochende Wasser und warte so lange, wie du es magst."

    assert found(english, german).languages_differ
    assert found(english, "Опустите яйцо в кипящую воду.").languages_differ
    assert not found(english, "42").languages_differ


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("Boil the big egg for 6 minutes.", "Boil the big egg for 9 minutes.", 1.0),
        ("Boil the big egg for 6 minutes. Cool it.", "- Boil the big egg for 9 minutes.\n", 1.0),
        ("Boil the big egg for 6 minutes.", "Boil the big egg for 6 minutes.", 0.0),
        ("Boil the big egg.", "Fry some bacon.", 0.0),
        ("", "Fry some bacon.", 0.0),
        ("Run `ls -a` there", "It is. Run `ls -b` there.", 1.0),
    ],
)
def test_a_piece_is_contradicted_by_its_counterpart(one: str, other: str, share: float) -> None:
    assert found(one, other).contradicted == share
