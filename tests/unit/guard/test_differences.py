"""Facts about order, letters, signs, layouts, languages and qualifiers: same or different."""

import pytest

from llm_cache_proxy.domain.guard import Guard

SAME = {
    "a prefix set apart and another word": ("Is it un wise?", "Is it foolish?"),
    "more than and above": (
        "How many people earn more than the median wage?",
        "How many people earn above the median wage?",
    ),
    "a list in another order": (
        "Sort the words pear, apple, fig alphabetically",
        "Sort the words fig, pear, apple alphabetically",
    ),
    "two ways to ask for a thing": (
        "Give me a SQL query to find duplicate rows",
        "Write a SQL query to find duplicate rows",
    ),
    "a time that owns what happens in it": (
        "What was the score last night?",
        "What was last night's score?",
    ),
    "a small word with its letters turned round": (
        "waht is the capital of france",
        "what is the capital of france",
    ),
    "a concentration in two spellings": ("Is 1 µM glucose much?", "Is 1 uM glucose much?"),
    "hours and days": ("Is 24/7 support good?", "Is 24-7 support good?"),
    "shares of a whole": ("Explain the 80/20 rule", "Explain the 80-20 rule"),
    "digits of another script": ("5 किलो आटा", "५ किलो आटा"),
    "keywords in small letters": ("Zoloft dosage", "zoloft dosage"),
    "a short statement": ("A man is eating food", "A man eats food"),
    "zeros that fill a date": ("What happened on May 03?", "What happened on May 3?"),
    "zeros that fill a time": ("Is 09:15 early?", "Is 9:15 early?"),
    "two things used together": (
        "How do I use Redis with Django?",
        "How do I use Django with Redis?",
    ),
    "a marriage from either end": ("Who is Elizabeth married to?", "Who is married to Elizabeth?"),
    "what is next to it": ("What is the library next to?", "What is next to the library?"),
    "an order that says write and one that does not": (
        "Write an SQL query that counts rows",
        "SQL query that counts rows",
    ),
    "a state that the order changes": (
        "Unlock my locked SIM card",
        "Unlock my SIM card",
    ),
    "why or why not": ("Is tea good, why or why not?", "Is tea good?"),
    "a couple that is no number": ("Is she in a couple?", "Is she in a couple, really?"),
    "a measure that what asks for": (
        "What's Spain's population?",
        "How many people live in Spain?",
    ),
    "a heading over a statement": ("Insight: the ship has landed", "The ship has landed"),
    "a heading over a statement that was reworded": (
        "Insight: a man is eating food",
        "A man eats food",
    ),
    "very little that is handed over": ("Topic: love", "Tell me about the topic love"),
    "an acronym that is also a prefix": ("Who leads UN troops?", "Who leads the UN troops?"),
    "the unknown of an equation": ("Solve 2x + 3 = 11", "Solve 2x + 3 = 11 for x"),
    "an article before a name of letters": ("Is a B needed?", "Is a B needed"),
    "a verb between two members of a list": (
        "Which is heavier, lead or gold?",
        "Which is heavier, gold or lead?",
    ),
    "with no and without": ("Can I travel with no passport?", "Can I travel without a passport?"),
    "emphasis": ("Is it a *bad* idea?", "Is it a bad idea?"),
    "a bracket of prose": ("Who won (see the list[1])?", "Who won see the list[1]?"),
    "why and how things are": ("How is Go better than C?", "Why is Go better than C?"),
    "a misspelt word that is negated": (
        "How do I lose weight without exercise?",
        "How do I lose weight without excercise?",
    ),
    "a phrase that moved to the front": (
        "In summer, do bees sleep in summer hives?",
        "Do bees sleep in summer hives in summer?",
    ),
    "a careless pronoun": ("how do i start", "How do I start?"),
    "two orders of adding": ("Add 7 and 9", "Add 9 and 7"),
    "to learn and to code": ("How to learn coding?", "How should I learn to code?"),
    "accents left out throughout": ("¿Cuándo abre el museo?", "cuando abre el museo"),
    "good or bad": ("Is tea good or bad?", "Is tea good?"),
    "an unfinished text": ("Translate this text:", "Translate this text"),
    "a single letter that is left over": (
        "Explain this to me please n",
        "Explain this to me please",
    ),
    "sides that meet": ("Is Ann close to Bob?", "Is Bob close to Ann?"),
    "a noun far behind its verb": (
        "Please give me, for all good things under heaven, a tip",
        "Please give me, for all good things under heaven, tips",
    ),
    "a labelled instruction": (
        "### Task:\nTranslate to Latin.\n\nthe sea",
        "### Task:\nPlease translate to Latin.\n\nthe sea",
    ),
}

DIFFERENT = {
    "words whose row is turned round": (
        "Reverse dog, cat, mouse",
        "Reverse mouse, cat, dog",
        "direction",
    ),
    "words that are told one for one": (
        "Assign red, green, blue to Ann, Bob, Cy",
        "Assign blue, green, red to Ann, Bob, Cy",
        "direction",
    ),
    "a row beside another row": (
        "Paint the door, wall and roof red, green and blue",
        "Paint the roof, wall and door red, green and blue",
        "direction",
    ),
    "letters of words in a row": (
        "Make an acronym of dog, ant, yak",
        "Make an acronym of yak, ant, dog",
        "direction",
    ),
    "a row of keywords of any length": (
        "easy vegan chocolate cake recipe without eggs",
        "easy vegan chocolate cookie recipe without eggs",
        "substitution",
    ),
    "two words of one set that a slip parts": (
        "Is a hotel near the station safe?",
        "Is a hostel near the station safe?",
        "contrast",
    ),
    "two prefixes": ("What is microeconomics?", "What is macroeconomics?", "substitution"),
    "one who speaks and one who is spoken to": (
        "Can I help you?",
        "Can you help me?",
        "direction",
    ),
    "a riddle and riddles": (
        "Think of a riddle about time",
        "Think of riddles about time",
        "plural",
    ),
    "a wish for one and for several": (
        "I want a recipe for soup",
        "I want recipes for soup",
        "plural",
    ),
    "two concentrations": ("What is 1 mM glucose?", "What is 1 µM glucose?", "units"),
    "a fraction and a range": ("Is a 2/3 majority enough?", "Is a 2-3 majority enough?", "signs"),
    "a length and a range": ("Cut the 3/4 inch board", "Cut the 3-4 inch board", "signs"),
    "other digits of another script": ("5 किलो आटा", "६ किलो आटा", "foreign"),
    "keywords about two drugs": ("Zoloft dosage", "Prozac dosage", "substitution"),
    "keywords about two towns": ("Paris hotels", "Vienna hotels", "substitution"),
    "keywords about two recipes": ("Sourdough recipe", "Brioche recipe", "substitution"),
    "a zero in front of a name": ("Who is agent 007?", "Who is agent 7?", "numbers"),
    "a zero in front of a code": ("Where is ZIP code 02134?", "Where is ZIP code 2134?", "numbers"),
    "a zero in front of a literal": ("What is 010 in C?", "What is 10 in C?", "numbers"),
    "letters of which there are several": (
        "How many e's are in tree?",
        "How many r's are in tree?",
        "letters",
    ),
    "what two things used together are": (
        "Can I use a US charger with a UK plug?",
        "Can I use a UK charger with a US plug?",
        "direction",
    ),
    "which of two lies west": (
        "Which country is Spain west of?",
        "Which country is west of Spain?",
        "direction",
    ),
    "who fears whom": ("What are cats afraid of?", "What is afraid of cats?", "direction"),
    "who fears whom at a time": (
        "Who is Tom afraid of now?",
        "Who is afraid of Tom now?",
        "direction",
    ),
    "another number said again": ("Add 5, 5 and 3", "Add 5, 3 and 3", "numbers"),
    "a command that is typed": (
        "Why does my Linux shell hang when I type dd?",
        "Why does my Linux shell hang when I type DD?",
        "case",
    ),
    "very many numbers in another order": (
        "Sort " + " then ".join(map(str, range(50, 95))),
        "Sort " + " then ".join(map(str, range(94, 49, -1))),
        "numbers",
    ),
    "days that change places": (
        "Move it from Monday to Friday",
        "Move it from Friday to Monday",
        "dates",
    ),
    "times that change places": (
        "It opens at 9:15 and closes at 17:40",
        "It opens at 17:40 and closes at 9:15",
        "dates",
    ),
    "versions that change places": (
        "Upgrade from 1.2.3 to 1.4.0",
        "Upgrade from 1.4.0 to 1.2.3",
        "versions",
    ),
    "roles traded beside another verb": (
        "Show me trains from Oslo to Bergen",
        "List trains from Bergen to Oslo",
        "direction",
    ),
    "a word that recurs in place of another": (
        "The red box is on the blue box. Where is the blue box, please?",
        "The blue box is on the red box. Where is the blue box?",
        "direction",
    ),
    "recurring words in another order": (
        "Tom owes Ann. Ann owes Sue. Sue owes Tom, right",
        "Ann owes Tom. Sue owes Ann. Tom owes Sue, right",
        "direction",
    ),
    "a word that recurs, once more": (
        "The cup is in the bag and the bag is in the van. What is in the van?",
        "The bag is in the cup and the cup is in the van. What is in the van?",
        "direction",
    ),
    "places traded beside another verb": (
        "Show me a cup on the box by the lamp",
        "List a cup by the box on the lamp",
        "direction",
    ),
    "doer and done to beside a polite word": (
        "Did Bohr influence Einstein?",
        "Did Einstein influence Bohr, please?",
        "direction",
    ),
    "whom and who": ("Whom did Ann see?", "Who saw Ann?", "direction"),
    "which eats which": (
        "Which birds do snakes eat?",
        "Which birds eat snakes?",
        "direction",
    ),
    "a letter at the end": ("for x in i", "for x in j", "letters"),
    "an index": ("Explain x[i]", "Explain x[j]", "letters"),
    "a variable that is no article": ("Is a or b prime?", "Is c or b prime?", "letters"),
    "a variable at the very end": ("Solve p = 2a for a", "Solve p = 2a for p", "letters"),
    "an accent that makes another word": (
        "Mi papá come en casa",
        "Mi papa come en casa",
        "foreign",
    ),
    "an accent at the end of a verb": ("Yo canto en casa", "Yo cantó en casa", "foreign"),
    "a verb in another tense by its accent": ("quando canto", "quando cantò", "foreign"),
    "an accent in a text that has others": (
        "Where is the café Zoé?",
        "Where is the café Zoe and Zoè?",
        "unlisted",
    ),
    "a sentence that is pointed to": (
        "Is this sentence sad? The sun shines.",
        "Is this sentence sad? The rain falls.",
        "handed_over",
    ),
    "a capital beside code": ("Is Foo() or bar(x) ok?", "Is foo() or bar(x) ok?", "signs"),
    "a capital in a definition": ("Is import Foo ok?", "Is import foo ok?", "signs"),
    "a qualifier on one side": (
        "Is mild fever dangerous?",
        "Is fever dangerous?",
        "addition",
    ),
    "many things and one": ("Please update the records", "Please update the record", "plural"),
    "a light word that excludes another": (
        "Is a serious side effect of tea known?",
        "Is a common side effect of tea known?",
        "contrast",
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_one_meaning_is_accepted(name: str) -> None:
    one, other = SAME[name]

    verdict = Guard().compare(one, other)

    assert verdict.accepted, verdict


@pytest.mark.parametrize("name", DIFFERENT)
def test_two_meanings_are_vetoed_by_the_rule_that_sees_them(name: str) -> None:
    one, other, rule = DIFFERENT[name]

    assert Guard().compare(one, other).rule == rule
