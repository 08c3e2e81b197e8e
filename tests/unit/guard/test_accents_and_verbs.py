"""Facts about other languages: accents left out, ways to ask how, words of several tongues."""

import pytest

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.text.dutch import how_to, verb_stem

SAME = {
    "a Portuguese question without its verb": (
        "Qual é a capital da Suíça?",
        "Qual a capital da Suíça?",
    ),
    "the same in letters that English has": (
        "Qual é a capital do Peru?",
        "Qual a capital do Peru?",
    ),
    "a Portuguese word without its accent": ("Quanto custa um café?", "quanto custa um cafe"),
    "how one does it in Portuguese": (
        "Como se instala o Linux?",
        "Como posso instalar o Linux?",
    ),
    "how one prepares it in Italian": (
        "Come si prepara la zuppa?",
        "Come preparo la zuppa?",
    ),
    "how one makes it in Italian": ("Come si fa il pane?", "Come faccio il pane?"),
    "an Italian verb without its accent": (
        "Il bar è chiuso la domenica?",
        "Il bar e chiuso la domenica?",
    ),
    "an Italian text without accents": ("Perché il mare è blu?", "perche il mare e blu"),
    "an Italian word without its accent": ("Perché nevica?", "perche nevica?"),
    "how one changes it in Dutch": (
        "Hoe kan ik mijn wachtwoord wijzigen?",
        "Hoe wijzig ik mijn wachtwoord?",
    ),
    "a Polish text without accents": ("Czy mogę jeść ser?", "Czy moge jesc ser?"),
    "a long Czech word without accents": ("Kde je nádraží?", "Kde je nadrazi?"),
    "a Russian letter without its dots": ("Почему идёт снег?", "Почему идет снег?"),
    "a letter before a sign": ("y = 3x + 1 slope", "slope of y = 3x + 1"),
    "mail": ("Is e-mail private?", "Is email private?"),
}
DIFFERENT = {
    "the better and the worse": ("Qual o melhor chá?", "Qual o pior chá?"),
    "and, and is": ("Chi e Paolo?", "Chi è Paolo?"),
    "an Italian participle behind another": ("Sta fermato e chiuso?", "Sta fermato è chiuso?"),
    "a Czech word and another": ("Jak otevřít dům?", "Jak zavřít dům?"),
    "a short Czech word": ("Je to pás?", "Je to pas?"),
    "opened and closed in Dutch": ("Hoe kan ik de app openen?", "Hoe kan ik de app sluiten?"),
    "kept and thrown away in Dutch": ("Hoe bewaar ik een foto?", "Hoe kan ik een foto wissen?"),
    "all in Russian": ("Это все?", "Это всё?"),
}


@pytest.mark.parametrize("what", SAME)
def test_one_answer_serves_both(what: str) -> None:
    found = Guard().compare(*SAME[what])

    assert (found.rule, found.detail) == (None, None)


@pytest.mark.parametrize("what", DIFFERENT)
def test_one_answer_does_not_serve_both(what: str) -> None:
    assert not Guard().compare(*DIFFERENT[what]).accepted


@pytest.mark.parametrize(
    ("infinitive", "form"),
    [("maken", "maak"), ("resetten", "reset"), ("lezen", "lees"), ("schrijven", "schrijf")],
)
def test_a_dutch_verb_has_one_stem(infinitive: str, form: str) -> None:
    assert verb_stem(infinitive) == verb_stem(form)


@pytest.mark.parametrize("text", ["hoe laat is het", "wat doe ik nu", "hoe dan ook"])
def test_other_dutch_questions_stay(text: str) -> None:
    assert how_to(tuple(text.split())) == tuple(text.split())
