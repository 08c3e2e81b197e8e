"""Facts about what single parts of the guard find in a text or a pair."""

import pytest

from llm_cache_proxy.domain.guard.pair.order.exchange import exchanged
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rules.meaning.units import UNITS
from llm_cache_proxy.domain.guard.text.analysis import Analysis, analyse, once_a_text
from llm_cache_proxy.domain.guard.text.cleaning import cleaned
from llm_cache_proxy.domain.guard.text.material import material
from llm_cache_proxy.domain.guard.text.signs import signature
from llm_cache_proxy.domain.guard.text.signs.loose import loose_signs


def test_cleaning_composes_letters_and_drops_what_shows_nothing() -> None:
    found = cleaned("\ufeffcafe\u0301 un\u200bsafe\u200b \uff21\u2019s")

    assert found.text == "café unsafe A's"
    assert found.hiding == ("un\u200bsafe\u200b",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Show milk red boxes milk", "List milk boxes red milk"),
        ("Is the dog of the dog seen by Ann?", "Was of the dog seen by Ann the dog?"),
        ("What is it?", "What was that?"),
    ],
)
def test_a_phrase_that_moves_tells_nothing(one: str, other: str) -> None:
    assert exchanged(analyse(one), analyse(other), symmetric=False) is None


def test_what_turns_passive_may_turn_round() -> None:
    passive = "The cat was chased by the dog, and the dog by the fox"
    active = "The dog chased the cat and the fox the dog"

    assert exchanged(analyse(passive), analyse(active), symmetric=False) is None


def test_words_around_a_list_may_not_change_places() -> None:
    one, other = "north gates open and south gates shut", "south gates open and north gates shut"

    assert (
        exchanged(analyse(one), analyse(other), symmetric=False) == "north and south change places"
    )


@pytest.mark.parametrize(
    ("text", "handed"),
    [
        ("Fix <a></a><b>this is wrong</b> please", ("this is wrong",)),
        ("Fix [b class]this is wrong[/b]", ("this is wrong",)),
        ("Shorten <<<two words>>> today", ("two words",)),
        ("<a> and <a> and <b>two words</b>", ("two words",)),
        ('Shorten """ """two words""" today', ("two words",)),
        ("What is love?", None),
        ("!;; :-", None),
        ("Context: Al cooks.\nQuestion: Who cooks?", ("Context: Al cooks.",)),
        ("Hi,\n\nwhat is love?", None),
        ("Fix this: He go!", ("He go!",)),
    ],
)
def test_the_text_that_is_handed_over_is_found(text: str, handed: tuple[str, ...] | None) -> None:
    assert material(text) == handed


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("What is love?", ()),
        ("What is @ (", ()),
        ("Is 3 + 5 more?", ("3+5",)),
        ("Call 555-123-4567 @ noon", ()),
        ("cat in.txt > out.txt", ("in.txt>out.txt",)),
        ("Run:\n  go()", (" go()",)),
        ("Run:\n\tgo()", ("\tgo()",)),
        ("Run it:\n  b\n      c\n  d", (" b", "  c", " d")),
        ("Run it:\n    b\n        c\n      d", (" b", "  c", "<      d")),
    ],
)
def test_code_formulas_and_data_are_found_as_written(text: str, units: tuple[str, ...]) -> None:
    assert signature(text) == units


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("What is love?", ""),
        ("Is 7/3 more than -2 = ?", "/-"),
        ("Is this a #good [city name]?", ""),
        ("- Name men/women under $300, or 500/-", ""),
        ("Is a <div> the 80/20 rule", ""),
        ("What does [] do to 1..5 or ' there", "[]..'"),
    ],
)
def test_the_signs_that_prose_may_lack_are_left_out(text: str, signs: str) -> None:
    assert "".join(loose_signs(text, computing=False)) == signs


def test_more_signs_count_in_a_text_about_computers() -> None:
    text = 'Is @media a[x] or "7" an Object... in Java'

    assert loose_signs(text, computing=True) == ["@", "[", "]", '"7"', "..."]
    assert loose_signs("Is the regex *a* lazy", computing=False) == ["*", "*"]


def test_what_one_text_shows_is_looked_for_once() -> None:
    asked: list[str] = []

    @once_a_text
    def length(analysis: Analysis) -> int:
        asked.append(analysis.text)
        return len(analysis.words)

    one, other = analyse("What is Rust?"), analyse("What is the Rust language?")

    assert [length(one), length(other), length(one), length(other)] == [3, 5, 3, 5]
    assert asked == [one.text, other.text]


@pytest.mark.parametrize("keys", ["ctrl-x", "Alt-x", "CMD-x"])
def test_a_key_behind_a_word_for_another_is_found_at_the_end_of_any_word(keys: str) -> None:
    assert signature(f"What does {keys} do?") == signature(f"Now what does {keys} do?") != ()


def test_a_unit_may_go_without_saying_where_the_rest_is_said_in_more_words() -> None:
    pair = Pair(analyse("Is 500 mg safe?"), analyse("Is a daily dose of 500 safe to take?"))

    assert UNITS.check(pair) is None
