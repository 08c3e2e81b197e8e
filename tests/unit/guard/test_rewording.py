"""Facts about ways to ask for the same in other languages than English."""

import pytest

from llm_cache_proxy.domain.guard import Guard

SAME = {
    "a polite request and a plain one": (
        "Können Sie mir bitte erklären, wie ein Vulkan entsteht?",
        "Erkläre mir, wie ein Vulkan entsteht",
    ),
    "a verb at the end": (
        "Kannst du ein Gedicht über den Herbst schreiben?",
        "Schreib ein Gedicht über den Herbst",
    ),
    "a wish and an order": ("Ich brauche ein Rezept für Suppe", "Gib mir ein Rezept für Suppe"),
    "an order at the end of a polite question": (
        "Könntest du mir ein Rezept für Suppe geben?",
        "Gib mir ein Rezept für Suppe",
    ),
    "a verb in two parts": (
        "Leg me uit hoe een vulkaan ontstaat",
        "Kun je me uitleggen hoe een vulkaan ontstaat?",
    ),
    "how one does it and how one can": (
        "Wie schalte ich das Licht ein?",
        "Wie kann ich das Licht einschalten?",
    ),
    "a verb that loses a vowel": ("Wie sammle ich Pilze?", "Wie kann man Pilze sammeln?"),
    "a place in front": ("In Python, wie drehe ich Listen?", "Wie drehe ich Listen in Python?"),
    "a place in between": ("Wie drehe ich in Python Listen?", "Wie drehe ich Listen in Python?"),
    "a question turned round": ("Avez-vous des crêpes ?", "Est-ce que vous avez des crêpes ?"),
    "a subject said twice": ("Pourquoi le ciel est-il bleu ?", "Pourquoi le ciel est bleu ?"),
    "a verb without a subject": (
        "Combien de temps faut-il cuire un œuf ?",
        "Combien de temps il faut cuire un œuf ?",
    ),
    "a phrase for a word": ("Pour quelle raison il pleut ?", "Pourquoi il pleut ?"),
    "a subject behind": ("¿Por qué el cielo es azul?", "¿Por qué es azul el cielo?"),
    "an infinitive": ("¿Cómo puedo cambiar mi clave?", "¿Cómo cambio mi clave?"),
    "a contraction": ("Gibt's in Island Bären?", "Gibt es in Island Bären?"),
    "a noun with its article and without": (
        "Was ist die Demokratie?",
        "Was ist Demokratie?",
    ),
    "an article in another case": (
        "Was versteht man unter der Demokratie?",
        "Was ist Demokratie?",
    ),
    "an article and a prefix that look alike": (
        "Quelle est la différence entre un lac et un étang ?",
        "quelle est la difference entre un lac et un etang",
    ),
}
DIFFERENT = {
    "whether a dog can write and a request": ("¿Puede un perro escribir?", "Escribe un perro"),
    "a lake and the sea": ("Was ist der See?", "Was ist die See?"),
    "a comet and a kite": ("¿Qué es el cometa?", "¿Qué es la cometa?"),
    "a ball and a dance": ("Wat is de bal?", "Wat is het bal?"),
    "money and a city": ("Qual é o capital da empresa?", "Qual é a capital da empresa?"),
    "requests for two things": ("Schreibe ein Gedicht", "Erkläre mir ein Gedicht"),
    "verbs that part from other words": (
        "Wie schalte ich das Licht ein?",
        "Wie schalte ich das Licht aus?",
    ),
    "a verb without its other part": ("Leg het boek weg", "Kun je het boek weg uitleggen?"),
    "a wish for what is known": ("Ich brauche das Rezept", "Gib mir das Rezept nicht"),
    "what is to be translated": (
        "Übersetze ins Englische: Kannst du ein Gedicht schreiben?",
        "Übersetze ins Englische: Können Sie ein Gedicht schreiben?",
    ),
    "a place that belongs to another": (
        "Warum kennt Ann in Rom Bo?",
        "Warum kennt Ann Bo in Rom?",
    ),
    "who is what": (
        "¿Por qué el gato es más rápido que el perro?",
        "¿Por qué el perro es más rápido que el gato?",
    ),
    "a plural with an accent": ("Où sont les passés ?", "Où sont les passes à Noël ?"),
    "years and what they are without a tilde": (
        "¿Cuántos años tiene Ana?",
        "¿Cuántos anos tiene Ana?",
    ),
    "one adverb and a verb": ("Er ist schon müde", "Er ist schön müde"),
    "the past and an accent in the plural": (
        "Où sont les marchés de Noël à Lille ?",
        "Où sont les marches de Noël à Lille ?",
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_one_request_in_two_wordings_is_accepted(name: str) -> None:
    one, other = SAME[name]

    verdict = Guard().compare(one, other)

    assert verdict.accepted, verdict


@pytest.mark.parametrize("name", DIFFERENT)
def test_another_request_is_no_rewording(name: str) -> None:
    one, other = DIFFERENT[name]

    assert not Guard().compare(one, other).accepted
