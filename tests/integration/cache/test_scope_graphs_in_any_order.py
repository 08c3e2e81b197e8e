"""A scope's graph beside a plain dict: whatever is stored, removed and closed while it grows."""

import asyncio
import math
import uuid
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import qdrant_edge as edge
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import QdrantFolder, open_folder
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.growing_graph import GrowingGraph
from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from samples.stores.vectors import NOW, SCOPE, entry, key

if TYPE_CHECKING:
    from collections.abc import Callable

DIMENSIONS, FROM_POINTS, AT_FIRST, NUMBERS = 8, 100, 150, 200
PART_POINTS = 40
IN_MEMORY = next((path for path in ("/dev/shm",) if Path(path).is_dir()), None)  # noqa: S108
"""Each write waits for the disk, and there are hundreds."""

numbers = st.integers(0, NUMBERS - 1)


def vector_of(number: int) -> list[float]:
    """One of as many directions as there are numbers, on a circle."""
    angle = math.tau * number / NUMBERS
    return [math.cos(angle), math.sin(angle), *([0.0] * (DIMENSIONS - 2))]


def between(one: int, other: int) -> int:
    """How far two numbers lie apart on the circle."""
    return min((one - other) % NUMBERS, (other - one) % NUMBERS)


class GrowingBesideADict(RuleBasedStateMachine):
    """Each step of growth is begun on the store's thread and done later, as in the product."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = TemporaryDirectory(dir=IN_MEMORY)
        self._runner = asyncio.Runner()
        self._held: set[int] = set()
        self._step: Callable[[], None] | None = None
        self._folder = self._opened()

    def teardown(self) -> None:
        self._runner.run(self._folder.close())
        self._runner.close()
        self._directory.cleanup()

    @initialize()
    def many_are_stored_and_one_is_looked_for(self) -> None:
        points = [
            edge.Point(
                id=point_id(SCOPE.tenant, key(str(number))),
                vector=vector_of(number),
                payload=payload_of(SCOPE, entry(str(number), text=str(number))),
            )
            for number in range(AT_FIRST)
        ]
        self._folder.collection._shard.update(edge.UpdateOperation.upsert_points(points))
        self._held = set(range(AT_FIRST))
        self._found(0)

    @rule(number=numbers)
    def one_is_stored(self, number: int) -> None:
        self._store(number)

    @rule(number=numbers)
    def one_is_removed(self, number: int) -> None:
        points = [point_id(SCOPE.tenant, key(str(number)))]
        self._runner.run(self._folder.collection.remove(points))
        self._held.discard(number)

    @rule(number=numbers)
    def one_is_removed_and_stored_again(self, number: int) -> None:
        self.one_is_removed(number)
        self._store(number)

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
    def the_store_is_closed_and_opened(self) -> None:
        if self._step is not None:
            self.a_step_of_growth_is_done()
        self._runner.run(self._folder.close())
        self._folder = self._opened()

    @rule(number=numbers)
    def one_is_looked_for(self, number: int) -> None:
        [found] = self._found(number)

        assert found in self._held
        assert between(number, found) == min(between(number, one) for one in self._held)

    @invariant()
    def no_point_is_twice_in_the_graph(self) -> None:
        for growing in graphs_of(self._folder):
            counted = Counter(names_in(growing.graph._ids) + growing.waiting)
            assert not [name for name, count in counted.items() if count > 1]

    @rule()
    def it_grows_to_its_end_and_has_all_points(self) -> None:
        if self._step is not None:
            self.a_step_of_growth_is_done()
        while (step := self._folder.collection.growth()) is not None:
            step()

        names = {uuid.UUID(point_id(SCOPE.tenant, key(str(one)))) for one in self._held}
        for growing in graphs_of(self._folder):
            assert growing.whole
            assert names <= set(names_in(growing.graph._ids))

    def _opened(self) -> QdrantFolder:
        folder = Path(self._directory.name)
        opening = open_folder(
            folder,
            "vectors",
            DIMENSIONS,
            graph_from_points=FROM_POINTS,
            graph_part_points=PART_POINTS,
        )
        return self._runner.run(opening)

    def _store(self, number: int) -> None:
        stored = entry(str(number), text=str(number))
        self._runner.run(self._folder.collection.store(SCOPE, vector_of(number), stored))
        self._held.add(number)

    def _found(self, number: int) -> list[int]:
        looked = self._folder.collection.nearest(SCOPE, vector_of(number), now=NOW, limit=1)
        return [int(candidate.text) for candidate in self._runner.run(looked).candidates]


def graphs_of(folder: QdrantFolder) -> list[GrowingGraph]:
    """The graph in use and the one that is to follow it."""
    return [growing for _, growing in folder.collection._graphs._all()]


def names_in(ids: bytearray) -> list[uuid.UUID]:
    """The points that were added to a graph, in their order."""
    return [uuid.UUID(bytes=bytes(ids[at : at + 16])) for at in range(0, len(ids), 16)]


def test_a_graph_holds_each_point_once_whatever_comes_while_it_grows() -> None:
    run_state_machine_as_test(
        GrowingBesideADict, settings=settings(max_examples=10, stateful_step_count=30)
    )
