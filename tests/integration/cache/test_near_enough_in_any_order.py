"""What a search finds near enough, beside comparing all: whatever was stored, cleared and expired.

Several tenants, prompts and embedders share the vectors and the collection, and graphs grow in it.
"""

import asyncio
import math
import random
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import qdrant_edge as edge
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import open_folder
from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.ports.vector_store import Candidate, Scope
from samples.stores.vectors import NOW, entry

if TYPE_CHECKING:
    from collections.abc import Callable

DIMENSIONS, FROM_POINTS, AT_FIRST, NUMBERS = 8, 40, 60, 120
LIMIT, LATEST, OFF = 3, 30, 0.02  # `OFF`: what a graph's rounded similarities may be off by
IN_MEMORY = next((path for path in ("/dev/shm",) if Path(path).is_dir()), None)  # noqa: S108
SCOPES = [
    Scope(tenant, fingerprint * 64, embedder)
    for tenant, fingerprint, embedder in product(["acme", "rival"], "fe", ["minilm", "other"])
]

numbers = st.integers(0, NUMBERS - 1)
scopes = st.sampled_from(SCOPES)
lives = st.integers(0, LATEST)
similarities = st.sampled_from([-1.0, 0.0, 0.9, 0.97, 0.995, 0.9999, 1.0, 1.5])


@dataclass(frozen=True)
class Held:
    """What was stored under a tenant's key."""

    scope: Scope
    number: int
    expires_at: int


def vector_of(number: int) -> list[float]:
    """One of as many directions as there are numbers, on a circle."""
    angle = math.tau * number / NUMBERS
    return [math.cos(angle), math.sin(angle), *([0.0] * (DIMENSIONS - 2))]


def entry_of(number: int, expires_at: int) -> Entry:
    return entry(str(number), text=str(number), expires_at=expires_at)


def similarity(one: int, other: int) -> float:
    return math.cos(math.tau * (one - other) / NUMBERS)


class SearchingBesideADict(RuleBasedStateMachine):
    """Each step of growth is begun on the store's thread and done later, as in the product."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = TemporaryDirectory(dir=IN_MEMORY)
        self._runner = asyncio.Runner()
        self._held: dict[tuple[str, int], Held] = {}
        self._step: Callable[[], None] | None = None
        self._now = NOW
        opening = open_folder(
            Path(self._directory.name), "vectors", DIMENSIONS, graph_from_points=FROM_POINTS
        )
        self._folder = self._runner.run(opening)

    def teardown(self) -> None:
        self._runner.run(self._folder.close())
        self._runner.close()
        self._directory.cleanup()

    @initialize(seed=st.integers(0, 1000))
    def two_scopes_hold_many(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        points = []
        for scope in (SCOPES[0], SCOPES[-1]):
            for number in range(AT_FIRST):
                held = Held(scope, number, NOW + chance.randint(0, LATEST))
                self._held[scope.tenant, number] = held
                stored = entry_of(number, held.expires_at)
                name = point_id(scope.tenant, stored.key)
                payload = payload_of(scope, stored)
                points.append(edge.Point(id=name, vector=vector_of(number), payload=payload))
        self._folder.collection._shard.update(edge.UpdateOperation.upsert_points(points))
        for scope in (SCOPES[0], SCOPES[-1]):
            self._found(scope, 0, -1.0)

    @rule(scope=scopes, number=numbers, life=lives)
    def one_is_stored_or_moves(self, scope: Scope, number: int, life: int) -> None:
        held = Held(scope, number, self._now + life)
        stored = entry_of(number, held.expires_at)
        self._runner.run(self._folder.collection.store(scope, vector_of(number), stored))
        self._held[scope.tenant, number] = held

    @rule(tenant=st.sampled_from(["acme", "rival"]), number=numbers)
    def one_is_cleared(self, tenant: str, number: int) -> None:
        self._runner.run(self._folder.collection.sweep(tenant, f"entry:ent_{number}", 100))
        self._held.pop((tenant, number), None)

    @rule(tenant=st.sampled_from(["acme", "rival"]), first=numbers, count=st.integers(2, 15))
    def neighbours_are_removed(self, tenant: str, first: int, count: int) -> None:
        gone = [(first + step) % NUMBERS for step in range(count)]
        points = [point_id(tenant, entry_of(number, 0).key) for number in gone]
        self._runner.run(self._folder.collection.remove(points))
        for number in gone:
            self._held.pop((tenant, number), None)

    @rule(seconds=st.integers(1, 5))
    def time_passes(self, seconds: int) -> None:
        self._now += seconds

    @rule()
    @precondition(lambda self: self._step is None)
    def a_step_of_growth_begins(self) -> None:
        self._step = self._folder.collection.growth()

    @rule()
    @precondition(lambda self: self._step is not None)
    def a_step_of_growth_is_done(self) -> None:
        assert self._step is not None
        self._step()
        self._step = None

    @rule()
    def all_grow_to_their_end(self) -> None:
        if self._step is not None:
            self.a_step_of_growth_is_done()
        while (step := self._folder.collection.growth()) is not None:
            step()

    @rule(scope=scopes, number=numbers, at_least=similarities)
    def one_is_looked_for(self, scope: Scope, number: int, at_least: float) -> None:
        self._looked_for(scope, number, at_least)

    @rule(scope=st.sampled_from([SCOPES[0], SCOPES[-1]]), number=numbers, at_least=similarities)
    def one_is_looked_for_in_a_graph(self, scope: Scope, number: int, at_least: float) -> None:
        self._looked_for(scope, number, at_least)

    def _looked_for(self, scope: Scope, number: int, at_least: float) -> None:
        found = self._found(scope, number, at_least)
        living = [
            held
            for held in self._held.values()
            if held.scope == scope and held.expires_at > self._now
        ]

        there = {str(held.number): held for held in living}
        assert all(one.expires_at == there[one.text].expires_at for one in found)
        assert len({one.text for one in found}) == len(found) <= LIMIT
        reached = [similarity(int(one.text), number) for one in found]
        assert [one.similarity for one in found] == pytest.approx(reached, abs=1e-5)
        nearest = sorted((similarity(one.number, number) for one in living), reverse=True)
        wanted = nearest[:1] + [one for one in nearest[1:LIMIT] if one >= at_least + OFF]
        assert len(reached) >= len(wanted)
        assert all(got >= best - OFF for got, best in zip(reached, wanted, strict=False))

    def _found(self, scope: Scope, number: int, at_least: float) -> list[Candidate]:
        looked = self._folder.collection.nearest(
            scope, vector_of(number), now=self._now, limit=LIMIT, at_least=at_least
        )
        return self._runner.run(looked).candidates


def test_nothing_of_another_scope_expired_or_cleared_is_found_and_nothing_near_is_missed() -> None:
    run_state_machine_as_test(
        SearchingBesideADict, settings=settings(max_examples=10, stateful_step_count=40)
    )
