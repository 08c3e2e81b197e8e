"""How long the embedding of an input is kept, and what a client may say of it."""

import pytest

from fakes.embedding_upstream import vector_of
from llm_cache_proxy.domain.errors import NotInCache
from unit.pipeline.embeddings_harness import EmbeddingsHarness, vectors_in


async def test_an_entry_ends_with_its_ttl(harness: EmbeddingsHarness) -> None:
    await harness.embed("a", headers={"x-cache-ttl": "60"})
    harness.exact.time += 61

    assert (await harness.embed("a")).x_cache == "MISS"


async def test_an_entry_is_cleared_by_its_tag(harness: EmbeddingsHarness) -> None:
    await harness.embed(["a", "b"], headers={"x-cache-tags": "red"})
    await harness.exact.cut("default", "tag:red")

    assert (await harness.embed(["a", "b"])).outcome.items == (0, 2)


@pytest.mark.parametrize(
    ("headers", "expected", "stored"),
    [
        ({"x-bypass-cache": "true"}, ("BYPASS", "bypass-asked"), False),
        ({"cache-control": "no-store"}, ("MISS", "not-found"), False),
        ({"cache-control": "no-cache"}, ("MISS", "no-cache"), True),
        ({"x-cache-mode": "refresh"}, ("MISS", "refresh"), True),
        ({"x-cache-mode": "write-only"}, ("MISS", "write-only"), True),
        ({"x-cache-mode": "read-only"}, ("MISS", "not-found"), False),
        ({"x-cache-ttl": "0"}, ("MISS", "not-found"), False),
    ],
)
async def test_a_client_may_narrow_what_is_read_and_stored(
    harness: EmbeddingsHarness, headers: dict[str, str], expected: tuple[str, str], stored: bool
) -> None:
    answer = await harness.embed(["a", "b"], headers=headers)

    assert (answer.x_cache, answer.outcome.reason) == expected
    assert vectors_in(answer) == [vector_of("a"), vector_of("b")]
    assert bool(harness.exact.entries) is stored


async def test_what_is_refreshed_replaces_the_entry(harness: EmbeddingsHarness) -> None:
    await harness.embed("a")
    harness.exact.time += 100

    await harness.embed("a", headers={"x-cache-mode": "refresh"})
    hit = await harness.embed("a")

    assert (len(harness.embedding.calls), hit.outcome.age_seconds) == (2, 0)


async def test_only_if_cached_calls_no_upstream(harness: EmbeddingsHarness) -> None:
    await harness.embed("a")
    headers = {"cache-control": "only-if-cached"}

    assert (await harness.embed("a", headers=headers)).x_cache == "HIT-EXACT"
    with pytest.raises(NotInCache):
        await harness.embed(["a", "b"], headers=headers)
    assert len(harness.embedding.calls) == 1
