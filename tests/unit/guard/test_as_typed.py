"""Facts about letters and marks that a task works on, and about marks that only show the typing."""

from time import process_time

import pytest

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.pair.typing import alike_typed
from llm_cache_proxy.domain.guard.text.analysis import analyse
from llm_cache_proxy.domain.guard.text.cleaning import cleaned

SAME = {
    "a text to reverse, asked politely": ("Reverse: Hello", "Please reverse this: 'Hello'"),
    "words whose letters are counted": (
        "How many letters does Mississippi have?",
        "how many letters does mississippi have",
    ),
    "a capital that is a town": (
        "What is the capital of France?",
        "what is the capital of france",
    ),
    "a text whose marks do not count": (
        "Count the capitals here: The Cat",
        "Count the capitals here: The Cat.",
    ),
    "emphasis around a prompt": ("**What is inflation?**", "What is inflation?"),
    "quotes around a prompt": ('"What is inflation in Peru?"', "What is inflation in Peru?"),
    "brackets around a prompt": ("(How do I boil an egg?)", "How do I boil an egg?"),
    "a number before a prompt": ("1. How do magnets work?", "How do magnets work?"),
    "a quoted prompt": ("> How do magnets work?", "How do magnets work?"),
    "a shell's prompt": ("$ docker ps -a\nWhat is it?", "docker ps -a\nWhat is it?"),
    "emphasis inside": ("Is it **very important** to sleep?", "Is it very important to sleep?"),
    "one stressed word": ("Is it a *good* idea?", "Is it a good idea?"),
    "a fence around code": ("Fix this:\n```\nx = 1\n```", "Fix this:\nx = 1"),
    "the language of a fence": (
        "Explain this code:\n```python\nx = 1\n```",
        "Explain this code:\n```\nx = 1\n```",
    ),
    "two fences in two languages": ("Explain\n```c\nx\n```", "explain\n```c\nx\n```"),
    "an exponent in words": ("What is 2 to the power of 10?", "What is 2^10?"),
    "a square in words": ("What is a squared plus b squared?", "What is a^2 + b^2?"),
    "a root in words": ("What is the square root of 144?", "What is \u221a144?"),
    "a letter of Greek": ("What is \u03c0?", "What is pi?"),
    "spaces around operators": ("What is y=mx+b?", "What is y = mx + b?"),
    "spaces between commands": (
        "What does cat a.txt | sort | uniq do?",
        "What does cat a.txt|sort|uniq do?",
    ),
    "spaces in a block": ("What does if(x){y();} do?", "What does if (x) { y(); } do?"),
    "brackets of a sum": ("Simplify (a+b)(a-b)", "Simplify (a + b)(a - b)"),
    "what is solved for": ("Solve 3x - 4 = 8 for x", "Solve for x: 3x - 4 = 8"),
    "keywords of SQL": ("Explain select * from t", "Explain SELECT * FROM t"),
    "words that are named together": (
        "How do I use if/else in Python?",
        "How do I use if-else in Python?",
    ),
    "keys with a hyphen": ("How do I press Ctrl-C?", "How do I press Ctrl+C?"),
    "a stroke at the end of a link": (
        "What is https://example.org?",
        "What is https://example.org/?",
    ),
    "what a regular expression is called": (
        "What does [0-9]+ match?",
        "What does the regex [0-9]+ match?",
    ),
    "a formula as it is typeset": ("What does $x^2$ mean?", "What does x^2 mean?"),
    "degrees": ("How hot is 100 degrees F?", "How hot is 100\u00b0F?"),
    "flags that stand together": ("What does ls --all --size do?", "What does ls --size --all do?"),
    "a folder in quotes": ("What does cd - do?", "What does 'cd -' do?"),
    "an order of more": ("Reverse more or less: Hello", "Please reverse more or less: Hello"),
    "an order with an end": ("Write what you would or", "Write what you would, or"),
    "a reversed sum": ("What is c + b?", "What is b + c?"),
    "emphasis in both": ("Is a *good* idea rare?", "is a *good* idea rare"),
    "an operator between other things": ("Is 5 + 'ab' an odd sum?", "is 5 + 'ab' an odd sum"),
    "an encoding": ("What does base64 do?", "What does Base64 do?"),
}
DIFFERENT = {
    "an ordinal that opens a text": ("5. Symphony by whom?", "9. Symphony by whom?"),
    "a holiday by its day": ("1. Mai ist welcher Feiertag", "2. Mai ist welcher Feiertag"),
    "stress that is asked about": (
        "*Which of these words is in italics*",
        "Which of these words is in italics",
    ),
    "a mark that is asked about": ("\u2192 What arrow is this", "What arrow is this"),
    "a name with underscores around it": ("What does __init__ do?", "What does init do?"),
    "a product": ("What is a *b* c?", "What is a b c?"),
    "a variable between dollars": ("What does $HOME_DIR$ hold?", "What does HOME_DIR hold?"),
    "two variables of a shell": ("What is A=$B_C/$D_E?", "What is A=B_C/D_E?"),
    "two prices": ("Is it $10=10$ per day?", "Is it 10=10 per day?"),
    "a fence that is asked about": (
        "How do I write a fence:\n```\nx\n```",
        "How do I write a fence:\nx",
    ),
    "capitals of a text to reverse": ("Reverse: Hello", "Reverse: hello"),
    "capitals of quoted text": ("Write 'Go Home' backwards", "Write 'go home' backwards"),
    "a name that is hashed": ("What is the MD5 of Oslo?", "What is the MD5 of oslo?"),
    "commas that are counted": (
        "How many commas are here: oh, no",
        "How many commas are here: oh no",
    ),
    "capitals that are counted": (
        "Count the capitals here: The Cat",
        "Count the capitals here: The cat",
    ),
    "words that are counted": ("How many words are in: can not", "How many words are in: cannot"),
    "lines that are counted": ("How many lines are here?\na\nb", "How many lines are here?\na b"),
    "a text behind a task": (
        "Where is the comma? I came, I saw",
        "Where is the comma? I came I saw",
    ),
    "a task that only one names so": ("Reverse: Hello", "reverse hello"),
    "two spellings": ("Is it CDs or CD's?", "Is it CDs or CDs'?"),
    "a text behind a dash": (
        "Rewrite the line in the passive - The dog ate it",
        "Rewrite the line in the passive - The dog eats it",
    ),
    "flags that change places": (
        "What does find . -name '*.log' -delete remove?",
        "What does find . -delete -name '*.log' remove?",
    ),
    "a shell's pattern": ("What does rm *old* do?", "What does rm old do?"),
    "a type in YAML": ("What is this YAML?\na: 'no'", "What is this YAML?\na: no"),
    "the bound of a type": ("Explain List<? extends T>", "Explain List<? super T>"),
    "a loss": ("Is -$50 a loss?", "Is $50 a loss?"),
    "a move in chess": ("Is Bxc6 legal in this line?", "Is bxc6 legal in this line?"),
    "a move that is judged": ("What does Kf1!! mean?", "What does Kf1?? mean?"),
    "how loud it is played": ("What does pp mean in music?", "What does p mean in music?"),
    "other brackets": ("What is \u230a2.7\u230b?", "What is \u23082.7\u2309?"),
    "bits and bytes": ("Is 100 Mbps fast?", "Is 100 MBps fast?"),
    "a unit that no list knows": ("How long is 40 cubits?", "How long is 40 rods?"),
    "a unit by another": ("Is 30 mg/kg a lot?", "Is 30 mg kg a lot?"),
    "a sign that is asked about": ("What does \u00a7 mean?", "What does \u00b6 mean?"),
    "two kinds of quotes": ("Is 'a' == \"a\" in SQL?", 'Is "a" == "a" in SQL?'),
    "a hyphen that is asked about": ("Is it e-mail or email?", "Is it e-mail or e mail?"),
    "a backtick": ("What does `(x ,y) mean in Scheme?", "What does `(x y) mean in Scheme?"),
}


@pytest.mark.parametrize("what", SAME)
def test_one_answer_serves_both(what: str) -> None:
    found = Guard().compare(*SAME[what])

    assert (found.rule, found.detail) == (None, None)


@pytest.mark.parametrize("what", DIFFERENT)
def test_one_answer_does_not_serve_both(what: str) -> None:
    assert not Guard().compare(*DIFFERENT[what]).accepted


@pytest.mark.parametrize(
    "text",
    ["1. e4 e5 2. Nf3", "- 5 + 3", "(a or b) and (c or d)", "* a * b", "**Rust**", "- a\n- b", ""],
)
def test_marks_that_do_not_go_around_a_whole_prompt_stay(text: str) -> None:
    assert cleaned(text).text == text


def test_what_both_texts_have_around_their_words_stays() -> None:
    both = "What does **bold text** do?", "What does *bold text* do?"

    assert alike_typed(*both) == both


@pytest.mark.parametrize(
    "unit",
    [
        *"*_`$'\"(<>|=+-/.,:;!?",
        " - ",
        " -> ",
        "**a ",
        "_a b",
        "sqrt ",
        "x squared ",
        "$x",
        "a or b ",
        "\n  ",
    ],
)
def test_a_long_run_is_read_at_once(unit: str) -> None:
    text = ("Is " + unit * 20_000)[:20_000]
    started = process_time()

    alike_typed(text, f"{text}x")
    analyse.__wrapped__(text)

    assert process_time() - started < 5.0
