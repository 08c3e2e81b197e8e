"""What pairs of prompts show that an answer to one is no answer to the other, kind by kind.

Each pair is near enough that a cache which goes by similarity alone takes one for the other.
"""

_LONG_QUESTION = (
    "How do I reset the password of my online bank account if I have forgotten it and lost my "
    "phone?"
)

PAIRS = (
    (
        "polarity",
        "a prompt and its opposite",
        "How do I enable dark mode in the app?",
        "How do I disable dark mode in the app?",
    ),
    (
        "negation",
        "a prompt and its negation",
        "Which foods are safe for dogs?",
        "Which foods are not safe for dogs?",
    ),
    (
        "numbers",
        "two prompts that differ in a number",
        "Convert 100 USD to EUR.",
        "Convert 1000 USD to EUR.",
    ),
    (
        "direction",
        "two prompts that differ in a direction",
        "Translate 'good morning' to French.",
        "Translate 'good morning' from French.",
    ),
    (
        "names",
        "two prompts that differ in a name",
        "Which countries border Niger?",
        "Which countries border Nigeria?",
    ),
    (
        "language",
        "two prompts that differ in a programming language",
        "How do I allocate memory on the heap in C?",
        "How do I allocate memory on the heap in C++?",
    ),
    (
        "case",
        "two words that only capitals tell apart",
        "How do I polish my nails?",
        "How do I Polish my nails?",
    ),
    (
        "suffix",
        "a prompt, after the same with words that were added to steal its answer",
        f"{_LONG_QUESTION} zebra quantum lamp velvet orbit",
        _LONG_QUESTION,
    ),
    (
        "numbers-order",
        "two prompts whose numbers change places",
        "Is it safe to take 2 pills every 8 hours?",
        "Is it safe to take 8 pills every 2 hours?",
    ),
    (
        "word-order",
        "two stories in which the same words change places",
        "The cat chased the dog. Who was chased?",
        "The dog chased the cat. Who was chased?",
    ),
    (
        "letters",
        "two prompts that differ in single letters",
        "Can blood type A donate to type B?",
        "Can blood type B donate to type A?",
    ),
    ("signs", "two sums that differ in brackets", "What is 2 + 3 * 4?", "What is (2 + 3) * 4?"),
    (
        "case-of-code",
        "two patterns that only a capital tells apart",
        "What does the regular expression \\D match?",
        "What does the regular expression \\d match?",
    ),
    (
        "indentation",
        "two programs that only indentation tells apart",
        "What does this print?\nfor i in range(3):\n    i += 1\n    print(i)",
        "What does this print?\nfor i in range(3):\n    i += 1\nprint(i)",
    ),
    (
        "handed-over",
        "two texts to be worked on",
        "Translate the following sentence into French.\nI am tired.",
        "Translate the following sentence into French.\nI was tired.",
    ),
    (
        "few-shot",
        "two examples that are to be continued",
        "great -> positive\nawful -> negative\nterrible ->",
        "great -> positive\nawful -> negative\nwonderful ->",
    ),
    (
        "other-language",
        "a German prompt and its negation",
        "Welche Pilze sind giftig?",
        "Welche Pilze sind nicht giftig?",
    ),
    (
        "romanised",
        "a Hindi prompt in Latin letters and its negation",
        "Kya main yeh dawa le sakta hoon?",
        "Kya main yeh dawa nahi le sakta hoon?",
    ),
    (
        "vowel-signs",
        "two Hindi words that only a vowel sign tells apart",
        "मेरे चाचा कहाँ रहते हैं?",
        "मेरे चाची कहाँ रहते हैं?",
    ),
    (
        "invisible",
        "a word and its opposite with an invisible character inside",
        "Is it un\u200bsafe to swim here?",
        "Is it safe to swim here?",
    ),
    ("roles", "who does it and to whom it is done", "What do cats eat?", "What eats cats?"),
    (
        "plural",
        "an order about one thing and about several",
        "Delete the row from the table.",
        "Delete the rows from the table.",
    ),
    (
        "qualifiers",
        "two degrees of an illness",
        "What should I do about a mild concussion?",
        "What should I do about a severe concussion?",
    ),
    (
        "compound",
        "two compounds of the same words",
        "What is chocolate milk?",
        "What is milk chocolate?",
    ),
    (
        "condition",
        "a condition and what follows from it, changed about",
        "If it rains, the match is off. Does it rain?",
        "If the match is off, it rains. Does it rain?",
    ),
    (
        "asked-role",
        "who does it, and to whom it is done, with an auxiliary",
        "Who will Spain play in the final?",
        "Who will play Spain in the final?",
    ),
    (
        "data",
        "data whose values are parted by other marks",
        "Is this valid? name: Bob, age: 5;",
        "Is this valid? name: Bob, age: 5,",
    ),
    (
        "module",
        "a module and the same word with a capital",
        "Does import numpy work?",
        "Does import Numpy work?",
    ),
    (
        "short-text",
        "a short Spanish text and its opposite",
        "Activar datos móviles",
        "Desactivar datos móviles",
    ),
    (
        "prefix",
        "a word and the same with a prefix of its own",
        "Is it ill-advised to dive here?",
        "Is it advised to dive here?",
    ),
    (
        "look-alikes",
        "two words that look like a misspelling of one another",
        "How does caffeine affect sleep?",
        "How does caffeine effect sleep?",
    ),
    (
        "accents",
        "two Spanish words that only a tilde tells apart",
        "¿Cuántos años tiene Ana?",
        "¿Cuántos anos tiene Ana?",
    ),
    (
        "modals",
        "what may be done and what has to be",
        "Can I file a tax return?",
        "Must I file a tax return?",
    ),
    (
        "deictics",
        "this year and the last one",
        "Which team won the league last season?",
        "Which team won the league this season?",
    ),
    (
        "here-and-there",
        "two places that only the speaker knows",
        "Can I park here at night?",
        "Can I park there at night?",
    ),
    (
        "small-words",
        "a condition and one that does not matter",
        "Can I get a loan if I have bad credit?",
        "Can I get a loan even if I have bad credit?",
    ),
    (
        "keywords",
        "two searches for different things",
        "best budget gaming laptop 2024",
        "best budget gaming desktop 2024",
    ),
    (
        "ownership",
        "who belongs to whom",
        "How do I address my son's teacher?",
        "How do I address my teacher's son?",
    ),
    (
        "time-units",
        "the same amount in two spans of time",
        "How much water should I drink per day?",
        "How much water should I drink per week?",
    ),
    (
        "requests",
        "a request to write and one to improve",
        "Show me a recipe for lentil soup",
        "Improve my recipe for lentil soup",
    ),
)
