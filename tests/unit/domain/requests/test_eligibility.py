import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.guard.limits import LONGEST_TEXT
from llm_cache_proxy.domain.requests.eligibility import ineligible_text
from llm_cache_proxy.domain.requests.reasons import Reason


@pytest.mark.parametrize(
    "text",
    [
        "What's the weather in Paris tomorrow?",
        "What is the time?",
        "What is the date in Tokyo?",
        "what's the time now",
        "What is the latest version of Node?",
        "Who is the current president of France?",
        "Summarize the latest news",
        "What happened last week?",
        "Any news on Brexit?",
    ],
)
def test_a_time_sensitive_question_is_not_compared_semantically(text: str) -> None:
    assert ineligible_text(text) is Reason.TIME_SENSITIVE


@pytest.mark.parametrize(
    "text",
    [
        "What is my name?",
        "What's my balance?",
        "Where is my order?",
        "What should I buy for my wife?",
        "What did you say? You said Rome.",
        "Can you tell me my balance?",
        "I live in Berlin. Which taxes do I pay?",
        "Why is my order late?",
    ],
)
def test_a_personal_question_is_not_compared_semantically(text: str) -> None:
    assert ineligible_text(text) is Reason.PERSONAL


@pytest.mark.parametrize(
    "text",
    [
        "What is the time complexity of quicksort?",
        "What is the date format of ISO 8601?",
        "How do I undo the most recent git commit?",
        "Write a news article about bees",
        "My name is Alice. Write me a short bio.",
        "Write an email to my boss asking for a raise",
        "How do I check my balance?",
        "Can I change my address?",
        "Fix the grammar: he go to school yesterday",
        'Translate "see you tomorrow" into French',
        "Explain this code:\n```\ntoday = date.today()\n```",
        "Summarize this: my balance is low this week",
    ],
)
def test_what_holds_at_any_time_for_anyone_is_compared(text: str) -> None:
    assert ineligible_text(text) is None


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_not_compared(text: str) -> None:
    assert ineligible_text(text) is Reason.NOT_USER_TEXT


class Watched(str):
    """A text of which one can see whether anybody still has it."""

    __slots__ = ("__weakref__",)


@pytest.mark.parametrize(
    ("letter", "reason"), [("a", Reason.TOO_LONG), (" ", Reason.NOT_USER_TEXT)]
)
def test_a_text_that_is_too_long_is_not_kept(letter: str, reason: Reason) -> None:
    text = Watched(letter * (LONGEST_TEXT + 1))
    kept = weakref.ref(text)

    found = ineligible_text(text)
    del text

    assert found is reason
    assert kept() is None


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert ineligible_text(text) in {
        None,
        Reason.NOT_USER_TEXT,
        Reason.TIME_SENSITIVE,
        Reason.PERSONAL,
    }
