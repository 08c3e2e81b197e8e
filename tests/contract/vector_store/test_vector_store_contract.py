"""What the request path relies on, the same for every kind of semantic store."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from llm_cache_proxy.adapters.vector_store.qdrant.port import QdrantPort
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import Scope
from samples.stores.vector_stores import KINDS, opened, write_point
from samples.stores.vectors import NOW, SCOPE, at_cosine, entry, key


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[QdrantPort]:
    async with opened(request.param, tmp_path / "vectors") as made:
        yield made


async def nearest_texts(
    store: QdrantPort, scope: Scope = SCOPE, *, now: int = NOW, limit: int = 5
) -> list[str]:
    found = await store.nearest(scope, at_cosine(1.0), now=now, limit=limit)
    return [candidate.text for candidate in found]


async def test_an_empty_store_has_no_candidates(store: QdrantPort) -> None:
    assert await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5) == []
    assert await store.fetch("acme", key("rust")) is None


@pytest.mark.parametrize("kind", ["embedded", "owned", "server"])
async def test_a_store_without_set_dimensions_takes_those_of_its_first_vector(
    kind: str, tmp_path: Path
) -> None:
    async with opened(kind, tmp_path / "vectors", dimensions=None) as store:
        assert await store.fetch("acme", key("rust")) is None
        assert await store.count_entries("acme") == 0
        await store.store(SCOPE, [0.6, 0.8, 0.0], entry("rust"))

        [found] = await store.nearest(SCOPE, [0.6, 0.8, 0.0], now=NOW, limit=5)

        assert found.similarity == pytest.approx(1.0, abs=1e-6)
        with pytest.raises(VectorStoreUnavailable, match="a vector of 2 numbers, 3 expected"):
            await store.nearest(SCOPE, [0.6, 0.8], now=NOW, limit=5)


@pytest.mark.parametrize("kind", ["embedded", "owned", "server"])
async def test_a_collection_is_made_for_the_dimensions_that_it_is_held_to(
    kind: str, tmp_path: Path
) -> None:
    async with opened(kind, tmp_path / "vectors", dimensions=None) as store:
        with pytest.raises(VectorStoreUnavailable, match="dimensions"):
            await store.provision()
        await store.hold_to(3)
        await store.check()

        with pytest.raises(VectorStoreUnavailable, match="a vector of 2 numbers, 3 expected"):
            await store.store(SCOPE, [0.6, 0.8], entry("rust"))


@pytest.mark.parametrize("kind", ["embedded", "owned", "server"])
async def test_a_collection_beside_another_has_vectors_and_dimensions_of_its_own(
    kind: str, tmp_path: Path
) -> None:
    async with opened(kind, tmp_path / "vectors") as store:
        await store.store(SCOPE, at_cosine(0.9), entry("rust"))
        beside = store.beside("other")

        assert await beside.placed("acme", [key("rust")]) == {}
        await beside.store(SCOPE, [0.6, 0.8, 0.0], entry("go"))
        await beside.remove("acme", [key("rust")])

        assert store.beside("other") is beside
        assert await beside.count_entries("acme") == await store.count_entries("acme") == 1
        assert await nearest_texts(store) == ["What is rust?"]


async def test_a_free_folder_is_opened_for_a_further_collection(tmp_path: Path) -> None:
    async with opened("embedded", tmp_path / "vectors") as store:
        beside = store.beside("other")

        await beside.store(SCOPE, [0.6, 0.8], entry("go"))

        [found] = await beside.nearest(SCOPE, [0.6, 0.8], now=NOW, limit=5)
        assert found.text == "What is go?"


async def test_candidates_come_most_similar_first_and_no_more_than_asked(
    store: QdrantPort,
) -> None:
    for similarity in (0.5, 0.9, 0.7, 0.99):
        await store.store(SCOPE, at_cosine(similarity), entry(str(similarity)))

    found = await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=3)

    assert [candidate.text for candidate in found] == [
        "What is 0.99?",
        "What is 0.9?",
        "What is 0.7?",
    ]
    assert [candidate.similarity for candidate in found] == pytest.approx(
        [0.99, 0.9, 0.7], abs=1e-6
    )


async def test_no_candidate_is_kept_back_that_is_near_enough_nor_the_nearest(
    store: QdrantPort,
) -> None:
    for similarity in (0.5, 0.9, 0.7, 0.99):
        await store.store(SCOPE, at_cosine(similarity), entry(str(similarity)))

    near = await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5, at_least=0.89)
    none_near = await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5, at_least=0.999)

    assert [one.text for one in near[:2]] == ["What is 0.99?", "What is 0.9?"]
    assert none_near[0].text == "What is 0.99?"


async def test_a_candidate_names_its_entry(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("rust"))

    [found] = await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)

    assert found.key == key("rust")
    assert found.entry_id == "ent_rust"
    assert found.text == "What is rust?"
    assert (found.created_at, found.expires_at) == (NOW - 10, NOW + 3600)


async def test_equal_vectors_have_a_similarity_of_at_most_one(store: QdrantPort) -> None:
    vector = [0.05103103630798288] * 384
    await store.store(SCOPE, vector, entry("rust"))

    [found] = await store.nearest(SCOPE, vector, now=NOW, limit=1)

    assert found.similarity == pytest.approx(1.0, abs=1e-6)
    assert found.similarity <= 1.0


@pytest.mark.parametrize(
    "other",
    [
        Scope("rival", SCOPE.fingerprint, SCOPE.embedder_id),
        Scope(SCOPE.tenant, "e" * 64, SCOPE.embedder_id),
        Scope(SCOPE.tenant, SCOPE.fingerprint, "minilm-fp32"),
    ],
    ids=["tenant", "fingerprint", "embedder"],
)
async def test_another_scope_never_shares_an_answer(store: QdrantPort, other: Scope) -> None:
    await store.store(other, at_cosine(1.0), entry("theirs"))
    await store.store(SCOPE, at_cosine(0.3), entry("ours"))

    assert await nearest_texts(store, SCOPE) == ["What is ours?"]
    assert await nearest_texts(store, other) == ["What is theirs?"]


async def test_one_key_of_two_tenants_is_two_entries(store: QdrantPort) -> None:
    rival = Scope("rival", SCOPE.fingerprint, SCOPE.embedder_id)
    await store.store(SCOPE, at_cosine(0.9), entry("rust", text="ours"))
    await store.store(rival, at_cosine(0.9), entry("rust", text="theirs"))

    ours = await store.fetch("acme", key("rust"))
    theirs = await store.fetch("rival", key("rust"))

    assert ours is not None
    assert theirs is not None
    assert (ours.text, theirs.text) == ("ours", "theirs")
    assert await store.fetch("nobody", key("rust")) is None


def test_no_two_pairs_of_tenant_and_key_share_a_point() -> None:
    pairs = [
        ("a", "bc"),
        ("ab", "c"),
        ("", "abc"),
        ('a","b', "c"),
        ("a", 'b","c'),
        ("é", ""),
        ("", "é"),
    ]

    assert len({point_id(*pair) for pair in pairs}) == len(pairs)
    assert point_id("a", "bc") == point_id("a", "bc")


async def test_an_entry_is_a_candidate_until_the_second_it_expires(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("rust", expires_at=NOW + 60))

    assert await nearest_texts(store, now=NOW + 59) == ["What is rust?"]
    assert await nearest_texts(store, now=NOW + 60) == []


async def test_writing_twice_is_writing_once_and_the_later_one_stays(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("rust", text="first"))
    await store.store(SCOPE, at_cosine(0.8), entry("rust", text="second"))

    [found] = await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)

    assert found.text == "second"
    assert found.similarity == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    ["", "😀 naïve \u200b 東京 \x00", '"quotes" \\ and\nlines', "long " * 60_000],
    ids=["empty", "unicode", "escapes", "large"],
)
async def test_fetch_gives_back_every_field_as_it_was_stored(store: QdrantPort, text: str) -> None:
    stored = entry(
        "rust",
        text=text,
        forms=Forms(json=text, sse=f"data: {text}", usage_event=""),
        selectors=("all", "tag:é", f"tag:{text[:20]}"),
        sequence=1_900_000_000_123,
    )

    await store.store(SCOPE, at_cosine(0.9), stored)

    assert await store.fetch("acme", stored.key) == stored


async def test_concurrent_writes_all_arrive(store: QdrantPort) -> None:
    await asyncio.gather(
        *(store.store(SCOPE, at_cosine(0.9, axis), entry(str(axis))) for axis in range(1, 31))
    )

    assert len(await nearest_texts(store, limit=50)) == 30


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 2},
        {"format_version": None},
        {"text": 7},
        {"text": None},
        {"created_at": "yesterday"},
        {"created_at": True},
        {"entry_id": None},
        {"key": None},
    ],
    ids=str,
)
async def test_a_malformed_point_is_no_candidate(
    store: QdrantPort, change: dict[str, object]
) -> None:
    payload = payload_of(SCOPE, entry("broken")) | change
    await write_point(store, point_id("acme", key("broken")), at_cosine(1.0), payload)
    await store.store(SCOPE, at_cosine(0.5), entry("sound"))

    assert await nearest_texts(store) == ["What is sound?"]
    if change.get("format_version", 1) == 1:  # what another version wrote is that one's to judge
        assert await store.count_entries("acme") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 2},
        {"selectors": "all"},
        {"selectors": [1]},
        {"sequence": None},
        {"prompt_tokens": 1.5},
        {"json": None},
        {"tenant": "rival"},
        {"key": "0" * 64},
    ],
    ids=str,
)
async def test_a_malformed_point_is_no_entry(store: QdrantPort, change: dict[str, object]) -> None:
    payload = payload_of(SCOPE, entry("broken")) | change
    await write_point(store, point_id("acme", key("broken")), at_cosine(1.0), payload)

    assert await store.fetch("acme", key("broken")) is None


@pytest.mark.parametrize(
    "vector",
    [
        [float("nan"), *[0.0] * 383],
        [float("inf"), *[0.0] * 383],
        [1.0] * 383,
        [],
    ],
    ids=["nan", "infinite", "short", "empty"],
)
async def test_an_unsound_vector_is_neither_stored_nor_compared(
    store: QdrantPort, vector: list[float]
) -> None:
    with pytest.raises(VectorStoreUnavailable):
        await store.store(SCOPE, vector, entry("rust"))
    with pytest.raises(VectorStoreUnavailable):
        await store.nearest(SCOPE, vector, now=NOW, limit=5)

    assert await store.fetch("acme", key("rust")) is None


async def test_a_text_with_half_a_surrogate_pair_harms_nothing_else(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("sound"))

    with contextlib.suppress(VectorStoreUnavailable):  # JSON over HTTP has no way to say it
        await store.store(SCOPE, at_cosine(0.5), entry("half", text="\ud800"))

    assert (await nearest_texts(store))[0] == "What is sound?"
