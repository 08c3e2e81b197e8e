"""Facts about tasks whose subject is wording, in whatever layout, and about small differences."""

import pytest

from llm_cache_proxy.domain.guard import Guard

OTHERS = {
    "a form that is named": (
        "What is the past participle of write?",
        "What is the past participle of wrote?",
    ),
    "a form behind a colon": ("Write the past tense: I run", "Write the past tense: I ran"),
    "a form to conjugate": ("Conjugate in the past: to run", "Conjugate in the past: ran"),
    "a translation without marks": (
        "What is I am late in French?",
        "What is I was late in French?",
    ),
    "what is said in a language": (
        "What is the French for I am late?",
        "What is the French for I was late?",
    ),
    "behind arrows": ("Paraphrase >> We are open", "Paraphrase >> We were open"),
    "behind a pipe": ("Summarize | Sales rise", "Summarize | Sales rose"),
    "before a dash": ('"We are open" - translate this', '"We were open" - translate this'),
    "a text to fix": ("Text to fix -> we is happy", "Text to fix -> we are happy"),
    "a question that points": (
        "Which tense is this? I am eating",
        "Which tense is this? I was eating",
    ),
    "several jokes": ("Tell me a joke about cats", "Tell me jokes about cats"),
    "several ideas": ("I need an idea for a party", "I need ideas for a party"),
    "any ideas": ("Any idea for a gift for mom?", "Any ideas for gifts for mom?"),
    "to let and to rent": ("Can I rent my flat out?", "Can I rent a flat?"),
    "within and after": ("Can I return it within 14 days?", "Can I return it after 14 days?"),
    "at and before": ("Can I withdraw at 59?", "Can I withdraw before 59?"),
    "a day and a dose": ("How many mg per day?", "How many mg per dose?"),
}
SAME = {
    "a script on a line of its own": ("Minify this JS: var a = 1;", "Minify this JS:\nvar a = 1;"),
    "a label without words": (
        "Email:\nHi Tom, see you at 5.\n\nWrite a reply.",
        "Email:\nHi Tom, see you at 5.\n\nPlease write a reply.",
    ),
    "a word that is called one": (
        "Translate the word water into French",
        "Translate water into French",
    ),
    "how it is to be reworded": (
        "Rewrite in a polite tone: Send me the file",
        "Rewrite politely: Send me the file",
    ),
    "what has to be done": ("Do I pay tax on a gift?", "Do I have to pay tax on a gift?"),
    "an abbreviation": ("Is active TB contagious?", "Is active tuberculosis contagious?"),
    "spelling": ("What is copper sulfate?", "What is copper sulphate?"),
    "one word for a phrase": (
        "How many prime numbers are there below 50?",
        "How many primes are below 50?",
    ),
    "what is told of a thing": ("Tell me the cause of rust", "Tell me the causes of rust"),
    "what is told": ("Tell us what a bond is", "Tell us what bonds are"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_form_of_a_word_is_another_text(name: str) -> None:
    assert not Guard().compare(*OTHERS[name]).accepted


@pytest.mark.parametrize("name", SAME)
def test_one_request_in_other_words_is_one(name: str) -> None:
    verdict = Guard().compare(*SAME[name])

    assert verdict.accepted, verdict
