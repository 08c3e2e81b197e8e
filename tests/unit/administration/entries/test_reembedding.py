"""Facts about entries that get vectors of another embedder."""

from dataclasses import replace
from typing import Any

import pytest

from fakes.admin import AdminHarness, FadingExact
from fakes.embedder import FakeEmbedder
from fakes.exact import MemoryExact
from fakes.vectors import FakeVectors
from llm_cache_proxy.administration.reembedding import Reembedding
from llm_cache_proxy.domain.errors import EmbedderUnavailable, InvalidRequest
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.support.dependency import Breaker, Dependency
from llm_cache_proxy.pipeline.support.embedding_calls import EmbeddingCalls
from llm_cache_proxy.ports.exact_store.store import Commit

FORMER, SERVING = "fake", "other"


class Office:
    """Entries with the former embedder's vectors, and a collection for those that serve now."""

    def __init__(self, exact: MemoryExact | None = None, *, together: bool = False) -> None:
        self.admin = AdminHarness() if exact is None else AdminHarness(exact=exact)
        self.target = self.admin.vectors if together else FakeVectors()
        self.embedder = FakeEmbedder()
        self.embedder.embedder_id, self.embedder.priced_as = SERVING, "m"
        self.asked: list[str | None] = []
        self.admin.reembedding = Reembedding(
            exact=self.admin.exact,
            target=self.target,
            source=self._source,
            calls=EmbeddingCalls(
                self.embedder, Dependency("embed", 1.0, self.admin, Breaker()), PriceList({}, {})
            ),
            counter_writer=CounterWriter(self.admin.exact, 1.0),
        )

    async def move(self, **fields: object) -> Any:
        return await self.admin.administration().perform({"action": "reembed", **fields})

    def embedders(self, held: FakeVectors) -> list[str]:
        return sorted(scope.embedder_id for scope, _, _ in held.held.values())

    def _source(self, embedder_id: str | None) -> FakeVectors:
        self.asked.append(embedder_id)
        return self.admin.vectors


@pytest.fixture
async def office() -> Office:
    made = Office()
    for number in range(20):
        await made.admin.keep(f"prompt {number}")
    return made


async def test_entries_keep_their_scope_and_get_a_new_vector(office: Office) -> None:
    answer = await office.move()

    assert answer == {
        "moved": 20,
        "held": 0,
        "without_vector": 0,
        "left_out": [],
        "embedder": SERVING,
        "cursor": None,
    }
    scopes = {(scope.fingerprint, len(vector)) for scope, vector, _ in office.target.held.values()}
    assert scopes == {("fingerprint", 384)}
    assert office.embedders(office.admin.vectors) == [FORMER] * 20


async def test_what_was_spent_is_counted_for_the_tenant(office: Office) -> None:
    await office.move()

    assert office.admin.exact.count_of("embedding:calls") == 2
    assert office.admin.exact.count_of("embedding:tokens") == sum(
        len(f"prompt {number}") for number in range(20)
    )


async def test_what_has_moved_is_not_embedded_again(office: Office) -> None:
    await office.move()
    office.embedder.texts.clear()

    answer = await office.move()

    assert (answer["moved"], answer["held"]) == (0, 20)
    assert office.embedder.texts == []


async def test_within_one_collection_new_vectors_take_the_place_of_old_ones() -> None:
    office = Office(together=True)
    await office.admin.keep("prompt")

    answer = await office.move(remove=True)

    assert answer["moved"] == 1
    assert office.embedders(office.target) == [SERVING]


async def test_old_vectors_go_where_that_is_asked_for(office: Office) -> None:
    await office.move()
    await office.admin.keep("late")

    await office.move(remove=True)

    assert office.admin.vectors.held == {}
    assert office.embedders(office.target) == [SERVING] * 21


async def test_only_the_named_embedders_entries_are_meant(office: Office) -> None:
    none = await office.move(**{"from": "another"})
    all_of_them = await office.move(**{"from": FORMER})

    assert (none["moved"], none["without_vector"]) == (0, 20)
    assert all_of_them["moved"] == 20
    assert office.asked == ["another", FORMER]


async def test_the_embedder_that_serves_is_refused_as_the_former_one(office: Office) -> None:
    with pytest.raises(InvalidRequest, match="is the embedder that serves"):
        await office.move(**{"from": SERVING})


async def test_an_entry_without_a_prompt_or_with_a_long_one_is_named() -> None:
    office = Office()
    kept = await office.admin.keep("silent")
    await office.admin.exact.commit(Commit("default", replace(kept, text="")))
    await office.admin.keep("long prompt")
    office.embedder.longest = 5

    answer = await office.move()

    assert sorted((one["entry"], one["reason"]) for one in answer["left_out"]) == [
        ("id-long prompt", "too-long"),
        ("id-silent", "no-prompt"),
    ]
    assert office.target.held == {}


async def test_an_entry_that_ends_meanwhile_is_passed_over() -> None:
    office = Office(FadingExact())
    await office.admin.keep("prompt")

    answer = await office.move()

    assert (answer["moved"], answer["without_vector"]) == (0, 1)


async def test_a_large_cache_moves_page_by_page_and_tenant_by_tenant() -> None:
    office = Office()
    for number in range(130):
        await office.admin.keep(f"prompt {number}", tenant=f"tenant-{number % 2}")

    moved, cursor, pages = 0, None, 0
    while pages == 0 or cursor is not None:
        answer = await office.move(cursor=cursor)
        moved, cursor, pages = moved + answer["moved"], answer["cursor"], pages + 1
    of_one = await office.move(tenant="tenant-1")

    assert (moved, of_one["held"]) == (130, 65)
    assert pages > 1


async def test_an_embedder_that_is_away_ends_the_page(office: Office) -> None:
    office.embedder.away = True

    with pytest.raises(EmbedderUnavailable, match="begin again"):
        await office.move()

    assert office.target.held == {}


async def test_without_a_semantic_tier_there_is_nothing_to_move() -> None:
    with pytest.raises(InvalidRequest) as refused:
        await AdminHarness().administration().perform({"action": "reembed"})

    assert refused.value.code == "reembed_not_available"
