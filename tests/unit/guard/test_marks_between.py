"""Facts about texts of the same letters: which marks between them tell, and which only part."""

import pytest

from llm_cache_proxy.domain.guard import Guard

DIFFERENT = {
    "a space in YAML": ("x:1\nIs that YAML?", "x: 1\nIs that YAML?"),
    "a bullet in YAML": ("What does - k: v mean in YAML?", "What does k: v mean in YAML?"),
    "plus signs": ("Is n++ + m fine in C?", "Is n + ++m fine in C?"),
    "a tab": ("Read the TSV x\ty z", "Read the TSV x y\tz"),
    "a line behind return": ("Run this:\nreturn\n7", "Run this:\nreturn 7"),
    "spaces in a string": ('Print "x  y" twice', 'Print "x y" twice'),
    "a star of its own": ("rm b*", "rm b *"),
    "levels of a heading": ("# Cats\nConvert to HTML", "## Cats\nConvert to HTML"),
    "a heading and none": ("# Cats\nConvert it to HTML", "Cats\nConvert it to HTML"),
    "a dot before the first word": (".x is what?", "=x is what?"),
    "a folder's stroke": ("What does cp a.txt docs/ do?", "What does cp a.txt docs do?"),
    "a folder's stroke at the end": ("git add docs/", "git add docs"),
    "an address of a proxy": (
        "What does proxy_pass http://web/ do?",
        "What does proxy_pass http://web do?",
    ),
    "a sharp note": ("Play D# after D", "Play D after D#"),
    "a charge": ("Is Cl- wider than Cl?", "Is Cl wider than Cl-?"),
    "an operator at the end": ("What is x in C++?", "What is x in C--?"),
    "a mark that is asked about": ("What is a ; in C?", "What is a , in C?"),
    "a shout and a question": ('Say "Never!" in Greek', 'Say "Never?" in Greek'),
    "a comma that is asked about": ("Is let's go, dad correct?", "Is let's go dad correct?"),
    "a comma before who is called": ("Let's eat, children", "Let's eat children"),
    "a comma in a task on spelling": ("Uppercase: tea time", "Uppercase: tea, time"),
    "who eats": ("Is a tiger-eating fish real?", "Is a tiger eating fish real?"),
    "a hyphen in a password": ("Is my password sea-salt safe?", "Is my password sea salt safe?"),
    "brackets in a condition": (
        "Explain WHERE (a OR b) AND c in SQL",
        "Explain WHERE a OR (b AND c) in SQL",
    ),
    "brackets of two words in a condition": (
        "Is (hot and dry) or wet true in Python?",
        "Is hot and (dry or wet) true in Python?",
    ),
    "brackets around commands": ("What does (cd /tmp; ls) do?", "What does cd /tmp; ls do?"),
    "brackets around a loss": ("Is (70) a loss here?", "Is 70 a loss here?"),
    "brackets beside a condition": ("a if b else c", "a if (b else c)"),
    "a mark of an operator": ("What is the * sign?", "What is the sign?"),
    "a mark that is no parting one": ("What is tea=milk?", "What is tea milk?"),
    "a domain's last dot": ("Is x.org. a name in DNS?", "Is x.org a name in DNS?"),
    "a dot behind a letter": ("What does y. do in Julia?", "What does y do in Julia?"),
    "pages": ("What is page 7-8?", "What is page 7,8?"),
    "numbers": ("Is it 7-8 there?", "Is it 7 8 there?"),
    "fields": ("How many fields has p,,q in a CSV?", "How many fields has p,q in a CSV?"),
    "a comma between measures": ("Set padding: 2px 4px", "Set padding: 2px, 4px"),
    "columns": ("What does SELECT a, b FROM t do?", "What does SELECT a b FROM t do?"),
    "a mark of a password": ("Is Winter23! strong enough?", "Is Winter23 strong enough?"),
    "a name of a host": ("Is tea-time.com free?", "Is teatime.com free?"),
    "spaces around a sign of the shell": ("Is b=1 fine in sh?", "Is b = 1 fine in sh?"),
    "brackets around a cost": ("Cost: (40)", "Cost: 40"),
    "days": ("Is it open Mon-Fri?", "Is it open Mon, Fri?"),
    "packages above": ("Explain from . import b", "Explain from .. import b"),
    "moves": ("Is 2.e4 good?", "Is 2...e4 good?"),
    "an apostrophe that moves": ("Is it its or it's?", "Is it its or its'?"),
}
SAME = {
    "the end": ("Is tea hot?", "Is tea hot"),
    "a face at the end": ("Why is tea hot? =]", "Why is tea hot?"),
    "a greeting": ("Hello - is tea hot?", "Hello, is tea hot?"),
    "a picture": ("Hey 👋 is tea hot?", "Hey, is tea hot?"),
    "a bullet": ("- Is tea hot now?", "Is tea hot now?"),
    "an inverted mark": ("¿Es bueno el té?", "Es bueno el té?"),
    "initials": ("Who is Michael J. Fox?", "Who is Michael J Fox?"),
    "a title": ("Who is Dr. Who?", "Who is Dr Who?"),
    "a time": ("Is 7 p.m. late?", "Is 7 pm late?"),
    "an abbreviation": ("What does e.g. say?", "What does eg say?"),
    "a sentence behind a name": ("I use Vim. why is it slow?", "I use Vim, why is it slow?"),
    "an hour behind a place": ("In 2019, tea was hot", "In 2019 tea was hot"),
    "a compound": ("Is a well-known tea good?", "Is a well known tea good?"),
    "a compound of a number": ("Is a 40-seat bus big?", "Is a 40 seat bus big?"),
    "a compound of a letter": ("What is a t-test?", "What is a t test?"),
    "what one does to a thing": ("What is dog-walking?", "What is dog walking?"),
    "what a number means": ("What is a 404 (not found) page?", "What is a 404 not found page?"),
    "a length in brackets": ("Write on tea (500 words)", "Write on tea - 500 words"),
    "a case at law": ("Sum up Roe v. Wade", "Sum up Roe v Wade"),
    "a plea": ("help :( my tea is hot", "help, my tea is hot"),
    "sentences behind a name with digits": ("Is it in B2? why not", "Is it in B2; why not"),
    "a call": ("How does dict.get() work?", "How does dict.get work?"),
    "a kind of file": ("How do I add a .gitignore?", "How do I add a gitignore?"),
    "a tag": ("How do I style a <div>?", "How do I style a div?"),
    "a sign behind its name": ("What is the && operator?", "What is the operator &&?"),
    "an aside": ("Explain tea (briefly) to me", "Explain tea briefly to me"),
    "an aside behind a letter": ("What is a (nested) list?", "What is a nested list?"),
    "an answer in brackets": ("Is the answer (b)?", "Is the answer b?"),
    "a year in brackets": ("Who won (2019) there?", "Who won, 2019, there?"),
    "what is announced": ("Solve: y^2 = 9", "Solve y^2 = 9"),
    "what is announced by a noun": ("Explain the code: y = 5", "Explain the code y = 5"),
    "what is given in quotes": ("Reverse the word: drawer", 'Reverse the word "drawer"'),
    "what is handed over": ("Is this correct? Me go home", "Is this correct: Me go home"),
    "a price": ("Is €7 a lot?", "Is 7€ a lot?"),
    "thousands": ("What is 2,000 + 500?", "What is 2000 + 500?"),
    "a share": ("Explain the 70/30 rule", "Explain the 70-30 rule"),
    "an address": ("Open https://example.org/ now", "Open https://example.org now"),
    "an address at the end": ("Open https://example.org/", "Open https://example.org"),
    "the end of a line": ("y = 5;\nWhat is y?", "y = 5\nWhat is y?"),
    "the result that is asked for": ("What is 4 * 6 = ?", "What is 4 * 6?"),
    "a stroke between words": ("How does try/except work?", "How does try / except work?"),
    "commas of a list": ("Sort: 7, 3, 9", "Sort: 7 3 9"),
    "a possessive": ("Who wrote Schindler's List?", "Who wrote Schindlers List?"),
    "a letter of two small ones": ("How warm is İzmir?", "how warm is İzmir"),
    "a full stop": ("tea is hot in python. why", "tea is hot in python why"),
    "a tab in prose": ("Is\ttea hot?", "Is tea hot?"),
    "a line of prose": ("Is tea hot?\nWhy?", "Is tea hot? Why?"),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_marks_tell_two_texts_apart(what: str) -> None:
    assert not Guard().compare(*DIFFERENT[what]).accepted


@pytest.mark.parametrize("what", SAME)
def test_marks_say_nothing(what: str) -> None:
    found = Guard().compare(*SAME[what])

    assert (found.rule, found.detail) == (None, None)
