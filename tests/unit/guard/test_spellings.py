"""Facts about signs, letters, capitals, compounds and layouts: same or different."""

import pytest

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.text.signs import signature

SAME = {
    "an abbreviation behind an article": (
        "How do I create a VM in Azure?",
        "how do i create a vm in azure?",
    ),
    "an abbreviation typed in haste": ("What is GC in Java?", "what is gc in java?"),
    "an abbreviation with one name in capitals": (
        "Where is a VM in Azure?",
        "Where is a vm in Azure?",
    ),
    "a kind of file with its dot": ("How do I open a .csv file?", "How do I open a CSV file?"),
    "a tag in brackets": ("How do I style a <table>?", "How do I style a table?"),
    "a language with a sign": ("What is F# for?", "what is f# for"),
    "a language with a dot": ("What is .NET?", "what is .net"),
    "a name with a plus": ("Is Disney+ good?", "is disney+ good"),
    "keys pressed together": ("What does Ctrl + X do?", "What does CTRL+X do?"),
    "a prefix behind its hyphen": ("Is it un-wise to go?", "Is it unwise to go?"),
    "a prefix beside a number": ("Is it un-wise to buy 3?", "Is it unwise to buy 3?"),
    "a size": ("How big is a 5 x 7 photo?", "How big is a 5x7 photo?"),
    "spaces in a call": ("What does f(a, b) give?", "What does f(a,b) give?"),
    "an operator that the keyboard lacks": ("Is 3 ≤ 4?", "Is 3 <= 4?"),
    "a package that pip installs": (
        "What does pip install Pillow do?",
        "What does pip install pillow do?",
    ),
    "a product behind a command": (
        "How do I npm install React?",
        "How do I npm install react?",
    ),
    "an animal that is a command": ("Can a cat Eat rice?", "Can a cat eat rice?"),
    "a system that git runs on": (
        "How do I install git on Windows?",
        "How do I install git on windows?",
    ),
    "a literal of a language that folds case": (
        "What does NULL mean in SQL?",
        "What does null mean in SQL?",
    ),
    "somebody who is addressed": ("@bob, is tea healthy?", "Is tea healthy?"),
    "initials of a place": ("What time is it in L.A.?", "What time is it in LA?"),
    "an abbreviation with dots": ("What does e.g. mean?", "What does eg mean?"),
    "initials of a person that are a language": ("Who was C. S. Lewis?", "Who was C.S. Lewis?"),
    "a label of a question": ("Q: What is love?", "What is love?"),
    "an article before a letter and its noun": ("What is a T-rex?", "what is a t rex"),
    "two letters of a list": ("Is it A or I?", "Is it I or A?"),
    "adjectives": ("What are old red barns for?", "What are red old barns for?"),
    "a product before or behind a thing": (
        "reset password gmail",
        "reset gmail password",
    ),
    "a thing and its name": (
        "Explain the bubble sort algorithm",
        "Explain the algorithm bubble sort",
    ),
    "two names of one person": ("Who is Barack Obama?", "Who is Obama Barack?"),
    "an apostrophe in a quotation": (
        "Rate the reply 'Sure, I'll go'",
        'Rate the reply "Sure, I\'ll go"',
    ),
    "a title over a task": (
        "Task: translate to Dutch. Text: we met",
        "Translate to Dutch. Text: we met",
    ),
    "a question to be explained": ("Explain: what is love?", "Explain what love is"),
    "made shorter": ("Make this shorter: it was very hot", "Shorten this: it was very hot"),
    "text in tags": (
        "<text>we met them</text>\nTranslate to Dutch",
        "<text>we met them</text>\nPlease translate to Dutch.",
    ),
    "news that quotes a speech": (
        '"The new firm will surely take charge of the old case in London soon," Ann Lee said.',
        '"The new firm will take charge of the old case in London soon," said Ann Lee.',
    ),
    "news with a mark in it": (
        "Results of the soft drink maker Coby (news) were likely to be seen in London and Rome.",
        "Results of the soft drink maker Coby [news] were likely to be seen in London and Rome.",
    ),
    "news that tells amounts in another order": (
        "In 1990, the old Dutch bank grew to 12 shops, hiring 3,000 clerks, most of them women.",
        "In 1990, the old Dutch bank grew to hire 3,000 clerks in 12 shops, most of them women.",
    ),
    "news with a colon": (
        "The new fast compilers of Intel in Dutch shops come in two flavours: cheap ones for firms",
        "The new fast compilers of Intel in Dutch shops come in two forms: cheap ones for any firm",
    ),
    "news that was told anew": (
        "The old Dutch bank said that the new chief will leave the large London firm next year",
        "The old Dutch bank said the new chief left its London firm, staff, clients, friends",
    ),
    "a town that a paraphrase names": (
        "How do people in big towns cope with being lonely?",
        "How do people cope with being lonely in London?",
    ),
    "a prefix with a space": ("Who won the semi-final?", "Who won the semi final?"),
    "a town that news name": (
        "The old Dutch bank told papers that the new chief will leave the large firm next year",
        "The old Dutch bank told papers that the new chief in London will soon quit the large firm",
    ),
    "an article before a grade": ("Do I need a C", "Do I need a C?"),
    "a pronoun at the end": ("Who am I", "who am i"),
    "an article that nothing follows": ("What is a", "what is a"),
    "an abbreviation without its last dot": ("What does e.g mean?", "What does eg mean?"),
    "German without capitals": ("wie spät ist es", "wie spät ist es?"),
    "the passive of whose it is": (
        "A daughter is led by her father",
        "A father leads his daughter",
    ),
    "a polite request in Japanese": ("富士山の高さは?", "富士山の高さはを教えてください"),
    "a polite request in Chinese": ("法国的首都是哪里?", "你好,请告诉我法国的首都是哪里"),
    "a polite request in Korean": ("커피 만드는 방법", "커피 만드는 방법을 알려 주세요"),
    "a polite request in Russian": ("Как варить суп?", "Подскажите, пожалуйста, как варить суп?"),
    "a polite request in Thai": ("เปิดไฟอย่างไร", "เปิดไฟอย่างไรครับ"),
    "a polite request in Czech": ("Jaké je hlavní město?", "Prosím, jaké je hlavní město?"),
    "a polite request in Finnish": ("Mikä on pääkaupunki?", "Hei, mikä on pääkaupunki?"),
}

DIFFERENT = {
    "letters typed in an editor": ("What does dd do in vim?", "What does DD do in vim?"),
    "a rule and a word": ("How do I use @media in CSS?", "How do I use media in CSS?"),
    "an id and a class": ("How do I style #top in CSS?", "How do I style .top in CSS?"),
    "an opening and a closing tag": ("What does <i> do?", "What does </i> do?"),
    "ions": ("Is Na+ stable?", "Is Na stable?"),
    "ions of several letters": ("Is OH- basic?", "Is OH basic?"),
    "a zero for an O": ("What is H2O?", "What is H20?"),
    "formulas": ("What is H2SO4?", "What is H2So4?"),
    "a branch": ("What does git merge Dev do?", "What does git merge dev do?"),
    "a folder": ("What does cd Photos do?", "What does cd photos do?"),
    "a file behind a word of English": (
        "In bash, what does cat Notes show?",
        "In bash, what does cat notes show?",
    ),
    "a variable": (
        "How do I rename the variable Total?",
        "How do I rename the variable total?",
    ),
    "words beside a flag": ("What does tar -x Data do?", "What does tar -x data do?"),
    "the folder above": ("What does cd .. do?", "What does cd . do?"),
    "a choice of two": ("What does a ? b : c do?", "What does a : b ? c do?"),
    "a factorial": ("What is 5! here?", "What is 5 here?"),
    "a sign between code": ("What is x_1 + x_2?", "What is x_1 - x_2?"),
    "a star alone": ("What does SELECT * FROM do?", "What does SELECT FROM do?"),
    "a space in quotes": ("What is join(x, sep='')?", "What is join(x, sep=' ')?"),
    "brackets of a condition": (
        "What is a = 1 AND (b = 2 OR c = 3)?",
        "What is (a = 1 AND b = 2) OR c = 3?",
    ),
    "quotes of a shell": ('In bash, what is "$x"?', "In bash, what is '$x'?"),
    "smileys": ("What does :) mean?", "What does :( mean?"),
    "smileys at the end": ("Explain :-)", "Explain :-("),
    "a part of a scheme": ("What does http:// mean?", "What does https:// mean?"),
    "signs of logic": ("What is A ∪ B?", "What is A ∩ B?"),
    "an end that is open": ("How do I list {1, 2?", "How do I list [1, 2?"),
    "letters that people type for words": ("Is stage s curable?", "Is stage u curable?"),
    "an I that is no pronoun": ("Replace I with K", "Replace K with I"),
    "a letter behind the article": ("What is the a minor scale?", "What is the e minor scale?"),
    "nouns": ("What is the best pet cat food?", "What is the best cat pet food?"),
    "nouns whose endings mislead": ("What is a music room?", "What is a room music?"),
    "three nouns": ("What is a credit card tax?", "What is a tax credit card?"),
    "who is seen": ("Who is Ann seeing?", "Who is seeing Ann?"),
    "text in tags": (
        "<mail>I can come</mail>\nReply politely",
        "<mail>I could come</mail>\nReply politely",
    ),
    "text in tags beside another one": (
        "<text>we met them</text>\nText: they met\nDutch:",
        "<text>we met them</text>\nText: we met\nDutch:",
    ),
    "more that is told": (
        "The bank sold the old house in London",
        "The bank sold the old brick house with garden and pool in London",
    ),
    "words with an accent": (
        "What does the café résumé say on page 3?",
        "What does the naïve café say on page 4?",
    ),
    "a vitamin": ("Is vitamin a intake good?", "Is the vitamin e intake good?"),
    "what is legal": ("Can I smoke here?", "Is it legal to smoke here?"),
    "accents on other words": ("Où est la ecole de l'été ?", "Ou est la école de l'été ?"),
    "a conversation": (
        "system: be brief\nuser: is tea hot",
        "system: be brief\nuser: was tea hot",
    ),
    "a request that is negated": ("高さを教えてください", "高さを教えないでください"),
    "another sound": (
        "Подскажите, пожалуйста, как включить звук?",
        "Подскажите, пожалуйста, как выключить звук?",
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_one_answer_serves_both(what: str) -> None:
    found = Guard().compare(*SAME[what])

    assert (found.rule, found.detail) == (None, None)


@pytest.mark.parametrize("what", DIFFERENT)
def test_one_answer_does_not_serve_both(what: str) -> None:
    assert not Guard().compare(*DIFFERENT[what]).accepted


@pytest.mark.parametrize("text", ["I like it :)", "Is it w/o sugar?", "See AT&T (or R&B)", "6'2\""])
def test_marks_of_prose_are_no_code(text: str) -> None:
    assert signature(text) == ()
