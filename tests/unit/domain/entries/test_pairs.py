import pytest

from llm_cache_proxy.domain.entries.pairs import (
    EntryHandle,
    barred_pair,
    entry_id_in,
    judged_pair,
    parse_handle,
    spelling_pair,
)
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.requests.keys import text_digest

ENTRY = "0123456789abcdef01234567"


def test_a_pair_has_no_order() -> None:
    assert barred_pair("a", "b") == barred_pair("b", "a")
    assert judged_pair("f", "a", "b") == judged_pair("f", "b", "a")
    assert spelling_pair("1", "2") == spelling_pair("2", "1") == "12"


def test_another_case_or_spacing_of_prose_is_the_same_barred_pair_and_not_of_code() -> None:
    barred = barred_pair("Tell me what Rust is", "What is Rust?")

    assert barred == barred_pair("tell me  what rust is ", "what is rust?")
    assert barred_pair("run `ls -A`", "b") != barred_pair("run `ls -a`", "b")


def test_a_verdict_holds_for_the_texts_as_written_and_their_surroundings() -> None:
    judged = judged_pair("here", "us", "America")

    assert judged != judged_pair("here", "US", "America")
    assert judged != judged_pair("there", "us", "America")


def test_the_names_of_pairs_do_not_run_into_each_other() -> None:
    assert len({barred_pair("a", "b"), judged_pair("", "a", "b"), barred_pair("ab", "")}) == 3


@pytest.mark.parametrize("pair", [None, barred_pair("a", "b"), spelling_pair("0" * 32, "1" * 32)])
def test_a_handle_is_read_as_it_was_written(pair: str | None) -> None:
    handle = EntryHandle(ENTRY, pair)

    assert parse_handle(str(handle)) == handle
    assert entry_id_in(str(handle)) == ENTRY


@pytest.mark.parametrize(
    "text", ["", "x", ENTRY[1:], f"{ENTRY}-", f"{ENTRY}-0", f"{ENTRY}-{'g' * 32}"]
)
def test_what_can_be_no_handle_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="x-cache-entry"):
        parse_handle(text)


def test_a_pair_of_lone_surrogates_has_a_name() -> None:
    assert len(barred_pair("\ud800", "a")) == 32
    assert len(text_digest("\ud800")) == 32
