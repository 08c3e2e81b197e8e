"""Facts about who stands at which end: relations told from either end, and turned about."""

import pytest

from llm_cache_proxy.domain.guard import Guard

SAME = {
    "larger and smaller": ("Is Jupiter larger than Saturn?", "Is Saturn smaller than Jupiter?"),
    "much bigger and much smaller": (
        "Is the sun much bigger than the moon?",
        "Is the moon much smaller than the sun?",
    ),
    "hotter and colder": ("Is Cairo hotter than Oslo?", "Is Oslo colder than Cairo?"),
    "healthier and less healthy": (
        "Is tea healthier than coffee?",
        "Is coffee less healthy than tea?",
    ),
    "more populous and less populous": (
        "Is China more populous than India?",
        "Is India less populous than China?",
    ),
    "more expensive and cheaper": (
        "Are diamonds more expensive than rubies?",
        "Are rubies cheaper than diamonds?",
    ),
    "before and after": ("Is May before June?", "Is June after May?"),
    "more and less": ("Is 9 more than 5?", "Is 5 less than 9?"),
    "before and after, and where that is told": (
        "Is May before June in the calendar?",
        "Is June after May in the calendar?",
    ),
    "in what order one should do two things": (
        "Should I stretch before running?",
        "Should I run after stretching?",
    ),
    "why one is larger": (
        "Why is Jupiter larger than Saturn?",
        "Why is Saturn smaller than Jupiter?",
    ),
    "days in a list": (
        "Is it open on Monday and Tuesday?",
        "Is it open on Tuesday and Monday?",
    ),
    "north and south of": ("Is London north of Paris?", "Is Paris south of London?"),
    "two infinitives": (
        "Is it better to walk or to run?",
        "Is it better to run or to walk?",
    ),
    "a time that is set in front": (
        "When it rains, do bees fly?",
        "Do bees fly when it rains?",
    ),
    "pairs that are listed": (
        "Find red cars and blue cars",
        "Find blue cars and red cars",
    ),
}
DIFFERENT = {
    "the same comparative with other ends": (
        "Is Jupiter larger than Saturn?",
        "Is Saturn larger than Jupiter?",
    ),
    "the opposite with the same ends": (
        "Is Jupiter larger than Saturn?",
        "Is Jupiter smaller than Saturn?",
    ),
    "much larger and smaller": (
        "Is Mars much larger than Venus?",
        "Is Venus smaller than Mars?",
    ),
    "other ends, and something else": (
        "Is tea before lunch cheaper than coffee after dinner?",
        "Is coffee before dinner dearer than tea after lunch?",
    ),
    "months at the ends of a time": (
        "From May to June, is it hot?",
        "From June to May, is it hot?",
    ),
    "what is given": (
        "What is the chance that it is spam given the word free?",
        "What is the chance of the word free given that it is spam?",
    ),
    "an article comes with the other noun": ("Is tap water cheap?", "Is a water tap cheap?"),
    "whose things are described": (
        "What is an angry man's dog called?",
        "What is a man's angry dog called?",
    ),
    "which of two things is described": (
        "Draw a big cat and a small dog",
        "Draw a small cat and a big dog",
    ),
    "which thing is made of the other": (
        "What is an array of pointers in C?",
        "What is a pointer to an array in C?",
    ),
    "a distance that is only told": (
        "What is distance divided by time?",
        "What is time divided by distance?",
    ),
    "other ends, and another place": (
        "Is Jupiter larger than Saturn in Spain?",
        "Is Saturn smaller than Jupiter in Peru?",
    ),
    "how long the earlier one takes": (
        "How long should meat marinate before grilling?",
        "How long should meat grill after marinating?",
    ),
    "how long the earlier one must last": (
        "How long must paint dry before sanding?",
        "How long must paint sand after drying?",
    ),
    "how long the first step takes": (
        "How long should dough rise before baking?",
        "How long should dough bake after rising?",
    ),
    "how many days the first step takes": (
        "How many days should I fast before testing?",
        "How many days should I test after fasting?",
    ),
    "where one was before": (
        "Where was Napoleon before Elba?",
        "Where was Elba after Napoleon?",
    ),
    "what one was before": (
        "What was Prussia before Germany?",
        "What was Germany after Prussia?",
    ),
    "which of two steps is needed": (
        "Is it necessary to fast before testing?",
        "Is it necessary to test after fasting?",
    ),
    "which of two places is cold": (
        "Is the floor above the garage cold?",
        "Is the garage below the floor cold?",
    ),
    "who is to be found": (
        "Find men taller than women",
        "Find women shorter than men",
    ),
    "how many there are of one end": (
        "How common are women taller than men?",
        "How common are men shorter than women?",
    ),
    "what one end is called": (
        "What are dogs larger than cats called?",
        "What are cats smaller than dogs called?",
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_told_from_the_other_end_is_the_same(one: str, other: str) -> None:
    verdict = Guard().compare(one, other)

    assert verdict.accepted, verdict


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_turned_about_is_another_prompt(one: str, other: str) -> None:
    assert not Guard().compare(one, other).accepted
