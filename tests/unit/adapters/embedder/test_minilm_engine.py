from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.adapters.embedder.minilm.engine import batches, turns


@given(st.lists(st.integers(min_value=2, max_value=256), max_size=80))
def test_every_text_is_in_one_batch_and_little_of_it_is_padding(lengths: list[int]) -> None:
    found = list(batches(lengths))

    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        sizes = [lengths[index] for index in batch]
        assert max(sizes) <= 1.25 * min(sizes)
        assert len(sizes) * max(sizes) <= 512


@given(st.lists(st.text(max_size=3000), max_size=20))
def test_every_text_has_one_turn(texts: list[str]) -> None:
    found = list(turns(texts))

    assert sorted(index for turn in found for index in turn) == list(range(len(texts)))
    assert all(found)


def test_long_texts_take_a_turn_for_every_two() -> None:
    assert [len(turn) for turn in turns(["x" * 5000] * 6)] == [2, 2, 2]
