"""Facts about what people reword without a thought, beside near pairs that look like it."""

import pytest

from llm_cache_proxy.domain.guard import Guard

SAME = {
    "a face behind a list": ("Compare Python, Java and Rust", "Compare Python, Java and Rust 🙂"),
    "a comma before please": (
        "Hi, can you help me learn Spanish please?",
        "Hi can you help me learn Spanish, please?",
    ),
    "not before whom it is about": (
        "Why isn't the app loading?",
        "Why is the app not loading?",
    ),
    "only before have": (
        "I only have 10 dollars, what can I cook?",
        "I have only 10 dollars, what can I cook?",
    ),
    "over before what is grilled": (
        "What sauce goes over grilled salmon?",
        "What sauce goes on grilled salmon?",
    ),
    "ab workouts": ("What are the best ab workouts?", "What are the best workouts for abs?"),
    "less of something": ("How do I use less plastic?", "How can I reduce my use of plastic?"),
    "a hyphen that changes nothing": (
        "How do I re-create a database?",
        "How do I recreate a database?",
    ),
    "a comma before who goes": ("Let's go, team!", "Let's go team!"),
}

OTHER = {
    "events in another order": (
        "John went to the kitchen. John went to the garden. Where is John?",
        "John went to the garden. John went to the kitchen. Where is John?",
    ),
    "hands that pass a thing on": (
        "Ann gave Bob the ball. Bob gave Cy the ball. Who has the ball?",
        "Bob gave Cy the ball. Ann gave Bob the ball. Who has the ball?",
    ),
    "an end that is cut off": ("Is smoking harm less?", "Is smoking harmful?"),
    "without in two words": ("Take it with out food", "Take it with food"),
    "a word in two": ("Is he the rapist?", "Is he a therapist?"),
    "overcooked in two words": ("Is the rice over cooked?", "Is the rice cooked?"),
    "a prefix that stands alone": ("Is the alarm de activated?", "Is the alarm activated?"),
    "abnormal in two words": ("Is this ab normal?", "Is this normal?"),
    "a prefix beside another negator": (
        "Is it un qualified, if none of them is?",
        "Is it qualified, if none of them is?",
    ),
    "grandma": ("Let's eat, grandma", "Let's eat grandma"),
    "a comma in another script": (
        "Казнить, нельзя помиловать. Что это значит?",
        "Казнить нельзя, помиловать. Что это значит?",
    ),
    "the third of a row": (
        "What is the third word in: red, blue, green?",
        "What is the third word in: blue, green, red?",
    ),
    "the last of a row": (
        "Which is the last colour in red, blue, green?",
        "Which is the last colour in red, green, blue?",
    ),
    "another verse": ("What does John 3:16 say?", "What does John 3:17 say?"),
}


@pytest.mark.parametrize("what", SAME)
def test_what_is_reworded_without_a_thought_is_accepted(what: str) -> None:
    assert Guard().compare(*SAME[what]).accepted


@pytest.mark.parametrize("what", OTHER)
def test_what_looks_like_it_and_is_not_is_vetoed(what: str) -> None:
    assert not Guard().compare(*OTHER[what]).accepted


def test_phrases_that_move_by_the_dozen_are_not_tried_in_every_way() -> None:
    nouns = [
        "bread",
        "cheese",
        "salt",
        "milk",
        "rice",
        "beans",
        "eggs",
        "corn",
        "oats",
        "figs",
        "plums",
        "nuts",
        "peas",
        "leeks",
    ]
    one = " ".join(f"today {noun}" for noun in nouns)
    other = " ".join(f"{noun} today" for noun in nouns)

    pair = f"Why {one} king hates horse", f"Why {other} horse hates king"

    assert not Guard().compare(*pair).accepted  # in minutes, if it tried them all
