import pytest

from llm_cache_proxy.adapters.embedder.replies import check_id, parse_reply, read_batch, read_item
from llm_cache_proxy.adapters.embedder.text import encodable, most_word_pieces
from llm_cache_proxy.domain.errors import EmbedderUnavailable

UNIT = [1.0] + [0.0] * 383


def test_what_the_service_says_of_the_text_is_believed() -> None:
    found = read_item({"embedding": UNIT, "tokens": 300, "whole": False}, "short")

    assert (found.tokens, found.whole) == (300, False)


def test_a_count_without_a_verdict_is_compared_with_the_window() -> None:
    assert read_item({"embedding": UNIT, "tokens": 256}, "text").whole
    assert not read_item({"embedding": UNIT, "tokens": 257}, "text").whole


@pytest.mark.parametrize("tokens", [None, -1, 2.5, "7", True])
def test_a_count_that_is_none_gives_way_to_the_bound(tokens: object) -> None:
    assert read_item({"embedding": UNIT, "tokens": tokens}, "abc").tokens == 5


def test_an_unmeasured_text_is_whole_only_if_it_cannot_be_too_long() -> None:
    assert read_item({"embedding": UNIT}, "a " * 254).whole
    assert not read_item({"embedding": UNIT}, "a " * 255).whole


def test_a_batch_has_one_vector_for_each_text() -> None:
    reply: dict[str, object] = {"embeddings": [{"embedding": UNIT}, {"embedding": UNIT}]}

    assert len(read_batch(reply, ["a", "b"])) == 2
    with pytest.raises(EmbedderUnavailable):
        read_batch(reply, ["a", "b", "c"])
    with pytest.raises(EmbedderUnavailable):
        read_batch({"embeddings": [UNIT]}, ["a"])


def test_a_reply_that_names_no_model_is_taken_for_the_configured_one() -> None:
    check_id({}, "minilm")
    check_id({"embedder_id": "minilm"}, "minilm")
    with pytest.raises(EmbedderUnavailable, match="not minilm"):
        check_id({"embedder_id": "other"}, "minilm")


def test_a_reply_that_is_no_object_is_refused() -> None:
    with pytest.raises(EmbedderUnavailable, match="not a JSON object"):
        parse_reply(b'"text"')


def test_spaces_are_no_word_pieces_and_one_character_may_be_several() -> None:
    assert most_word_pieces("") == 2
    assert most_word_pieces(" a \n b\u00a0") == 4
    assert most_word_pieces("\ud55c") == 5  # a Hangul syllable is three letters


def test_only_what_utf_8_cannot_carry_is_replaced() -> None:
    assert encodable("a\U0001f600é") == "a\U0001f600é"
    assert encodable("a\ud83d\ude00b\ud800") == "a\U0001f600b\ufffd"
