"""Facts about quotes, capitals and places in code, formulas and data: same or different."""

import pytest

from llm_cache_proxy.domain.guard import Guard

DIFFERENT = {
    "a command and a string": ("What does `cal` do in bash?", "What does 'cal' do in bash?"),
    "quotes that are asked about": (
        'Is "tea" in quotes right here?',
        "Is tea in quotes right here?",
    ),
    "verses": ("What does Luke 5:3 say?", "What does Luke 5:3-5 say?"),
    "a level of Python": ("Run it:\nif x:\n  y\n z", "Run it:\nif x:\n  y\n  z"),
    "a people": ("What's a Dane?", "What's a dane?"),
    "a value in quotes": ('Is "None" falsy in Python?', "Is None falsy in Python?"),
    "null in quotes": ('What is typeof "null"?', "What is typeof null?"),
    "a column and a string": ('SELECT "age" FROM t', "SELECT 'age' FROM t"),
    "a string and a column": ("SELECT 'b' FROM t", "SELECT b FROM t"),
    "a key in other quotes": ('Is "b": 1 fine in JSON?', "Is 'b': 1 fine in JSON?"),
    "a quote in vim": ('What does da" do in vim?', "What does da' do in vim?"),
    "a template and a string": (
        "What does `${b}` print in JavaScript?",
        "What does '${b}' print in JavaScript?",
    ),
    "three quotes": ("'''b''' in Python", "'b' in Python"),
    "a lifetime": ("'b in Rust", "b in Rust"),
    "a field in quotes": ('x, y as CSV "y"', "x, y as CSV y"),
    "a glob in quotes": ("find . -name '*.py' in bash", "find . -name *.py in bash"),
    "a quote beside a sign": ('What is f("b") in JS?', "What is f(b) in JS?"),
    "backticks that are shown": (
        "`y`\nHow does Markdown show it?",
        "y\nHow does Markdown show it?",
    ),
    "a name in two spellings": (
        "Are Cat and cat one class in Java?",
        "Are cat and cat one class in Java?",
    ),
    "two variables": ("Does T depend on t?", "Does t depend on T?"),
    "two spellings compared": ("Dune vs dune", "dune vs dune"),
    "a type": ("What is Integer in Java?", "What is integer in Java?"),
    "a variable of the shell": ("What is HOME in bash?", "What is home in bash?"),
    "a value": ("Is nil equal to NULL in Go?", "Is nil equal to null in Go?"),
    "a value at the start": ("TRUE in R", "True in R"),
    "any name": ("Is Foo fine in Java?", "Is foo fine in Java?"),
    "a file": ("Does cat Notes.txt work?", "Does cat notes.txt work?"),
    "a type of a short language": ("What is Object in JS?", "What is object in JS?"),
    "a chord": ("Dm chord", "DM chord"),
    "capitals in a task on them": ("TEA in lowercase", "Tea in lowercase"),
    "a key of an editor": ("What does u do in vim?", "What does U do in vim?"),
    "a season and a mood": ("Is SAD treatable?", "Is sad treatable?"),
    "a planet": ("Can I see Mercury?", "Can I see mercury?"),
    "megabits": ("What is 20 Mbit?", "What is 20 mbit?"),
    "a ratio": (
        "Blend red and blue dye at a ratio of 4:1",
        "Blend red and blue dye at a ratio of 1:4",
    ),
    "a dilution": ("Is a 1:100 dilution weak?", "Is a 1:1000 dilution weak?"),
    "a derivative": ("Find dx/dt here", "Find dy/dt here"),
    "a dose": ("Is 7 mg/kg safe?", "Is 7 mg/kg/day safe?"),
    "a negated letter": ("What is p and not q?", "What is not p and q?"),
    "values": ("What does padding: 0 auto do?", "What does padding: auto 0 do?"),
    "a zero": ("Is 07 a number in Python?", "Is 7 a number in Python?"),
    "a query": ("SELECT x FROM a LEFT JOIN b", "SELECT x FROM b LEFT JOIN a"),
    "a limit": ("LIMIT 20, 5", "LIMIT 5, 20"),
    "results": ("func g() (int, error) in Go", "func g() (error, int) in Go"),
    "a prefix with a hyphen": ("Is it an a-typical case?", "Is it a typical case?"),
}
SAME = {
    "an article before a value": ("What is a NULL pointer?", "What is a null pointer?"),
    "a price": ("How much is $ 70 in euros?", "How much is $70 in euros?"),
    "a prefix set apart": ("Is an anti virus tool good?", "Is an antivirus tool good?"),
    "the first row of a formula": ("y = 3x + 1 slope", "y = 3x+1 slope"),
    "words in other quotes": ('What is "tea time"?', "What is 'tea time'?"),
    "a string in other quotes": ('Print "tea" in Bash', "Print 'tea' in Bash"),
    "a mark inside quotes": ('What is "tea time?"', 'What is "tea time"?'),
    "a word in quotes": ('Explain "karma" to me', "Explain karma to me"),
    "the meaning of a value": ('What does "null" mean in Java?', "What does null mean in Java?"),
    "a command in quotes": ('What does "ls -l" do?', "What does ls -l do?"),
    "a command in backticks": ("What does `ls -l` do?", "What does ls -l do?"),
    "backticks and quotes": ("What does `ls -l` do?", 'What does "ls -l" do?'),
    "an apostrophe": ("What's Python good for?", "Whats Python good for?"),
    "a concept": ("What is a Class in Python?", "what is a class in python?"),
    "a concept in capitals": ("Explain Recursion in Python", "Explain recursion in Python"),
    "a type that is turned into another": (
        "How do I turn String to int in Java?",
        "How do I turn string to int in Java?",
    ),
    "a query in small letters": ("select count(*) from t", "SELECT COUNT(*) FROM t"),
    "a query in any case": ("What is NULL in SQL?", "What is null in SQL?"),
    "a shouted query": ("WHAT DOES SELECT DO HERE?", "What does select do here?"),
    "a misspelling": ("Sum up teh cat and the dog", "Sum up the cat and the dog"),
    "a unit": ("Is 5 km / hr slow?", "Is 5 km/h slow?"),
    "units that move": ("Is 3 kg/l or 2 g/ml it?", "Is 2 g/ml or 3 kg/l it?"),
    "two operators": ("How do == and === differ?", "What is the difference between == and ===?"),
    "an article before backticks": ("What is a `while` loop?", "What is a while loop?"),
    "a sign's name": ("What does the # sign do in Python?", "What does # do in Python?"),
    "an abbreviation's name": (
        "What does the acronym HTTP stand for?",
        "What does HTTP stand for?",
    ),
    "degrees": ("Convert 30 °C to Fahrenheit", "Convert 30 degrees Celsius to Fahrenheit"),
    "a face behind a greeting": ("Great :) Is tea hot?", "Great! Is tea hot?"),
    "where output goes": ("cat a.txt > b.txt", "cat a.txt >b.txt"),
    "a greeting in Python": ("tea in Python: is it in JSON?", "Tea in Python: is it in JSON?"),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_one_answer_does_not_serve_both(what: str) -> None:
    assert not Guard().compare(*DIFFERENT[what]).accepted


@pytest.mark.parametrize("what", SAME)
def test_one_answer_serves_both(what: str) -> None:
    found = Guard().compare(*SAME[what])

    assert (found.rule, found.detail) == (None, None)
