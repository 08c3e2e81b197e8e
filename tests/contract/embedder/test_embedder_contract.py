"""What the semantic tier relies on, the same for every kind of embedder."""

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llm_cache_proxy.ports.embedder import Embedder
from samples.embedding.embedders import APIS, KINDS, opened
from samples.embedding.minilm import REFERENCES, cosine

AWKWARD = ["", "   ", "\0", "a\0b", "\ud800", "a\udfffb", "\U0001f600", "[SEP]", "x" * 5000]


@pytest.fixture(params=[*KINDS, *APIS])
async def embedder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Embedder]:
    async with opened(request.param, tmp_path, monkeypatch) as made:
        yield made


async def test_a_vector_is_384_finite_numbers_of_unit_length(embedder: Embedder) -> None:
    (found,) = await embedder.embed(["What is Rust?"])

    assert len(found.vector) == 384
    assert math.hypot(*found.vector) == pytest.approx(1.0, abs=1e-5)


async def test_a_paraphrase_is_nearer_than_another_question(embedder: Embedder) -> None:
    texts = ["What is Rust?", "Tell me what Rust is", "How do I bake bread?"]

    asked, paraphrase, other = await embedder.embed(texts)

    assert cosine(asked.vector, paraphrase.vector) == pytest.approx(0.9375, abs=0.001)
    assert cosine(asked.vector, other.vector) < 0.3


async def test_answers_come_in_the_order_of_the_texts(embedder: Embedder) -> None:
    texts = [f"{'word ' * (length % 13)}number {length}" for length in range(40)]

    together = await embedder.embed(texts)

    for text, found in zip(texts[:3], together[:3], strict=True):
        (alone,) = await embedder.embed([text])
        assert found.vector == pytest.approx(alone.vector, abs=1e-5)
    assert len(together) == 40


async def test_no_text_is_refused(embedder: Embedder) -> None:
    for text in AWKWARD:
        (found,) = await embedder.embed([text])

        assert math.hypot(*found.vector) == pytest.approx(1.0, abs=1e-5)
        assert found.tokens >= 2


async def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert await embedder.embed([]) == []


async def test_a_text_beyond_the_window_is_never_whole(embedder: Embedder) -> None:
    beyond, longer = await embedder.embed(["cat " * 255, "cat " * 400])

    assert (beyond.whole, longer.whole) == (False, False)
    assert cosine(beyond.vector, longer.vector) == pytest.approx(1.0, abs=1e-5)


async def test_a_short_text_is_whole_and_its_word_pieces_are_not_undercounted(
    embedder: Embedder,
) -> None:
    (found,) = await embedder.embed(["What is Rust?"])

    assert found.whole
    assert found.tokens >= 6


async def test_an_id_is_known_before_the_first_text(embedder: Embedder) -> None:
    known = {"minilm-l6-v2/onnx-fp32", "http:plain", "openai/small", "qdrant/small"}

    assert embedder.embedder_id in known or embedder.embedder_id.startswith("bedrock/")


async def test_what_a_plain_service_does_not_say_is_bounded_from_the_text(tmp_path: Path) -> None:
    texts = [reference.text for reference in REFERENCES]

    with pytest.MonkeyPatch.context() as patch:
        async with opened("plain service", tmp_path, patch) as plain:
            found = await plain.embed(texts)

    for reference, embedding in zip(REFERENCES, found, strict=True):
        assert embedding.tokens >= reference.tokens, reference.name
        assert not (embedding.whole and reference.tokens > 256), reference.name
