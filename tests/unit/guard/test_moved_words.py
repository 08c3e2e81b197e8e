"""Facts about words that change places: which may move, and which tell another story then."""

import pytest

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.pair.order.exchange import exchanged
from llm_cache_proxy.domain.guard.pair.order.sentences import are_reordered
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rules.sentence.subject import other_subject
from llm_cache_proxy.domain.guard.text.analysis import analyse

OTHERS = {
    "whom only speaks of": ("Only members can vote", "Members can only vote"),
    "what only speaks of, asked": ("Does only Tom eat fish?", "Does Tom eat only fish?"),
    "what almost speaks of": ("I almost lost all my money", "I lost almost all my money"),
    "a not that moves over all": (
        "Not everyone passed, who did?",
        "Everyone did not pass, who did?",
    ),
    "one who is allowed": ("Is my dog allowed to bite?", "Am I allowed to bite my dog?"),
    "one who orders": (
        "How do I order a taxi for a friend?",
        "How does a friend order a taxi for me?",
    ),
    "a cousin who hires": ("Am I allowed to hire my cousin?", "Is my cousin allowed to hire me?"),
    "one who was cheated": ("I was scammed, what now?", "I scammed someone, what now?"),
    "one who is hired": ("How do I get hired at Acme?", "How do I hire at Acme?"),
    "a passive that is asked": ("Was I charged twice?", "Did I charge twice?"),
    "a company bought and one that buys": (
        "The firm acquired by Acme makes robots. Who is it?",
        "The firm that acquired Acme makes robots. Who is it?",
    ),
    "an owner who stands alone": ("Can my wife's lawyer call me?", "Can my lawyer call my wife?"),
    "an owner behind": ("My son hit his teacher. What now?", "My son's teacher hit him. What now?"),
    "pronouns": ("Should I report him to her?", "Should I report her to him?"),
    "places": ("Is it warmer inside than outside?", "Is it warmer outside than inside?"),
    "a word that holds both ways elsewhere": (
        "Show me books about Orwell by a friend of Dickens",
        "Show me books about Dickens by a friend of Orwell",
    ),
    "friends of whom another thing is told": (
        "How do I tell my friend I like her?",
        "How do I tell her I like my friend?",
    ),
    "three that change places": (
        "The teacher praised the pupil who helped the nurse. Who was praised?",
        "The pupil praised the nurse who helped the teacher. Who was praised?",
    ),
    "an owner that moves on": (
        "Is Ann's father older than her husband?",
        "Is Ann's husband's father older than her?",
    ),
    "one owner of two": (
        "Can a cat's owner catch it from the cat?",
        "Can a cat catch it from the cat's owner?",
    ),
    "a particle of the last in a list": (
        "Which is better, to buy and then rent or to rent and then buy back?",
        "Which is better, to rent and then buy or to buy and then rent back?",
    ),
    "facts that point back": (
        "Ann met Bo. He was ill. Then Cy came. Who was ill?",
        "Then Cy came. He was ill. Ann met Bo. Who was ill?",
    ),
    "who says what": (
        "Ann: hello. Bo: bye. Who said hello?",
        "Bo: hello. Ann: bye. Who said hello?",
    ),
    "what follows from what": ("Because it was late, he ran", "Because he ran, it was late"),
    "a winner with a letter": ("What if A wins and B loses?", "What if B wins and A loses?"),
    "two that only speaks of": ("Can only Tom eat only fish?", "Can Tom only eat fish only?"),
    "facts and questions": (
        "Ann runs. Does Bo swim? Cy walks. Who runs?",
        "Cy walks. Does Bo swim? Ann runs. Who walks?",
    ),
    "two lists": ("What goes with pears, figs; plums?", "What goes with plums, figs; pears?"),
    "an adjective of another": (
        "Do small dogs that bark chase cats?",
        "Do dogs that bark chase small cats?",
    ),
}
SAME = {
    "a place before": ("In Python, how do I sort a list?", "How do I sort a list in Python?"),
    "two phrases": (
        "In 2018, which team won the cup in Rome?",
        "Which team won in Rome the cup in 2018?",
    ),
    "a condition and a pause": ("Why, at night, do cats cry?", "Why do cats cry at night?"),
    "a negated verb": (
        "In my garden roses do not grow, why?",
        "Why do roses not grow in my garden?",
    ),
    "an adverb": ("Explain briefly how DNS works", "Briefly explain how DNS works"),
    "an adjective behind": ("Is this SQL query correct?", "Is this a correct SQL query?"),
    "a sentence": (
        "I lost my passport. What should I do?",
        "What should I do? I lost my passport.",
    ),
    "a time": ("What was the score last night?", "What was last night's score?"),
    "a film": (
        "What is the best movie with cats about Mars?",
        "What is the best with cats movie about Mars?",
    ),
    "a language in a row of keywords": (
        "python remove duplicates from array objects",
        "remove duplicates from array objects python",
    ),
    "members of a list": (
        "Find a recipe with olive oil, lemon juice and salt",
        "Find a recipe with lemon juice, salt and olive oil",
    ),
    "members with articles": (
        "Write a story with a knight, a dragon and a wizard",
        "Write a story with a dragon, a wizard and a knight",
    ),
    "things with one name": (
        "Compare the iPhone 14 and the iPhone 15",
        "Compare the iPhone 15 and the iPhone 14",
    ),
    "what is next to": ("Is Spain next to Portugal?", "Is Portugal next to Spain?"),
    "facts of a context": (
        "Context: Ann is 30. Bo is 20. Question: How old is Bo?",
        "Context: Bo is 20. Ann is 30. Question: How old is Bo?",
    ),
    "whose wedding it is": (
        "Write a speech for my sister's wedding",
        "Write a wedding speech for my sister",
    ),
    "only before a place": ("Is it only sold in Rome?", "Is it sold only in Rome?"),
    "what is done by whom": ("Was Bo hired by Ann?", "Did Ann hire Bo?"),
    "what starts": ("How do I get started with Go?", "How do I start with Go?"),
    "what owns": ("What is Ann's dog called?", "What is the dog of Ann called?"),
    "what the subject needs": (
        "How often should I water a cactus?",
        "How often does a cactus need water?",
    ),
    "a tool": ("Can honey lighten my hair?", "Can I lighten my hair with honey?"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_words_that_change_places_tell_another_story(name: str) -> None:
    assert not Guard().compare(*OTHERS[name]).accepted


@pytest.mark.parametrize("name", SAME)
def test_phrases_may_stand_elsewhere(name: str) -> None:
    verdict = Guard().compare(*SAME[name])

    assert verdict.accepted, verdict


def test_words_without_content_may_trade_places() -> None:
    one, other = analyse("Will that apple this do?"), analyse("Will this apple that do?")

    assert exchanged(one, other, symmetric=False) is None


def test_facts_under_a_label_of_their_own_keep_their_order() -> None:
    one = analyse("Note: Ann runs. Bo swims. Who runs?")
    other = analyse("Bo swims. Note: Ann runs. Who runs?")

    assert not are_reordered(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can dogs hear dogs with me?", "Can I hear dogs with dogs?"),
        ("Being robbed, can I run?", "Robbing, can I run?"),
    ],
)
def test_who_does_it_is_left_open_where_no_word_order_tells(one: str, other: str) -> None:
    assert other_subject(Pair(analyse(one), analyse(other))) is None
