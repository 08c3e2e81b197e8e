"""Facts about marks that name something, and the same marks where they only end a sentence."""

import pytest

from llm_cache_proxy.domain.guard import Guard

_CODE = "What does this do?\nif a:\n  if b:\n    c()\n"
"""A block within a block, to which a line may still belong."""

SAME = {
    "an empty line and a blank one": (_CODE + "\n    d()", _CODE + "    \n    d()"),
    "a blank line within a block": (_CODE + "    d()", _CODE + "    \n    d()"),
    "a smiley behind an order": ("Explain recursion :)", "Explain recursion"),
    "a question that goes on": (
        "what is docker? please explain",
        "What is Docker? Please explain.",
    ),
    "a cry before a question": ("i love this! how do bees fly?", "I love this. How do bees fly?"),
    "a hashtag": ("Explain #hashtags on Instagram", "Explain hashtags on Instagram"),
    "spaces around an equals sign": ("What does E=mc² mean?", "What does E = mc^2 mean?"),
    "a semicolon behind a query": (
        "Explain DELETE FROM t WHERE id = 5",
        "Explain DELETE FROM t WHERE id = 5;",
    ),
    "a bullet": ("* List the oceans", "List the oceans"),
    "operators that are compared": (
        "How do && and || differ in bash?",
        "What is the difference between && and || in bash?",
    ),
    "keys that are pressed together": ("How does ctrl + z work?", "How does Ctrl + Z work?"),
    "a letter that is pressed": ("What does ctrl+c do?", "What does ctrl+C do?"),
    "a hyphen behind two letters": ("What is A/B testing?", "What is A/B-testing?"),
    "rice and beans": ("How do I cook rice & beans?", "How do I cook rice and beans?"),
    "a price in full": ("How much is $1,000.00 in yen?", "How much is $1000 in yen?"),
    "a decade": ("What happened in the 1990s?", "What happened in the 90s?"),
    "half of a number": ("What is half of 50?", "What is 1/2 of 50?"),
    "an article inside a list": (
        "Compare the iPhone 12 and the iPhone 13",
        "Compare the iPhone 13 and the iPhone 12",
    ),
    "a mark behind something invisible": ("Is it un\u00adstable?", "is it un\u00adstable"),
    "a price limit": ("Which phone is best under $300?", "Which phone is best under 300?"),
    "an article before one letter": ("Define a T-test", "Define a t-test"),
    "owners": ("Are the dogs' bowls clean?", "Are the dogs' bowls clean, please?"),
    "two compounds": ("Is a long-term stop-loss wise?", "Is a long term stop-loss wise?"),
    "the same compounds": ("Is a stop-loss order wise?", "Is a stop-loss order wise, please?"),
}
DIFFERENT = {
    "an inner and an outer block behind a blank line": (
        _CODE + "    \n    d()",
        _CODE + "    \n  d()",
    ),
    "an inner and an outer block behind an empty line": (_CODE + "\n    d()", _CODE + "\n  d()"),
    "an inner and an outer block behind a comment": (
        _CODE + "# then\n    d()",
        _CODE + "# then\n  d()",
    ),
    "a method with its mark": ("What is map! in Ruby?", "What is map in Ruby?"),
    "a word with its mark": ("What tone does Stop! have?", "What tone does Stop? have?"),
    "a command in the background": (
        "What does sleep 30 & do in bash?",
        "What does sleep 30 do in bash?",
    ),
    "a command in the background, at the end": ("Explain sleep 10 &", "Explain sleep 10"),
    "a command in the background, before a verb": (
        "What does nohup run.py & do?",
        "What does nohup run.py do?",
    ),
    "a folder behind flags of a command": (
        "Explain rm -rf .. please",
        "Explain rm -rf please",
    ),
    "many of one": ("What is a 1:1 relationship?", "What is a 1:n relationship?"),
    "an operator between names": ("What does x :: xs mean?", "What does x @ xs mean?"),
    "a character and a string": ("Is 'a' a char in C?", 'Is "a" a char in C?'),
    "null in quotes": ('Is "null" valid JSON?', "Is null valid JSON?"),
    "a number in quotes": ('Is "1" a number in JSON?', "Is 1 a number in JSON?"),
    "a quoted list": ("What does '(+ 1 2) give?", "What does (+ 1 2) give?"),
    "a chord": ("Which notes are in Am7?", "Which notes are in AM7?"),
    "an apostrophe that is asked about": ("When do I write it's?", "When do I write its?"),
    "brackets around letters": (
        "What does a or b and c give?",
        "What does (a or b) and c give?",
    ),
    "a hyphen that moves": (
        "What is a small-business owner?",
        "What is a small business-owner?",
    ),
    "one owner and several": ("Where is the dog's bowl?", "Where is the dogs' bowl?"),
    "a price and a number": ("What can I buy with $5?", "What can I buy with 5?"),
    "a member in other capitals": ("Is list.Sort slow?", "Is list.sort slow?"),
    "an id of CSS": ("What does #menu select in CSS?", "What does menu select in CSS?"),
    "half on one side": ("Do half of dogs bark?", "Do dogs bark?"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_marks_that_say_nothing_come_and_go(one: str, other: str) -> None:
    verdict = Guard().compare(one, other)

    assert verdict.accepted, verdict


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_marks_that_name_something_count(one: str, other: str) -> None:
    assert not Guard().compare(one, other).accepted
