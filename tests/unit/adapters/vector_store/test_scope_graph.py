"""Facts about a graph: what it finds, what its files hold, whom its library takes along."""

import math
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import ScopeGraph
from samples.stores.full_disk import files_of_at_most

_BOTH = (
    "import llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph, onnxruntime, os\n"
    "print(os.environ['ORT_DISABLE_TELEMETRY'])"
)
_DIMENSIONS = 64
_PART = 100

Vectors = npt.NDArray[np.float32]


def test_a_process_that_has_a_graph_may_import_onnxruntime_afterwards() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BOTH], capture_output=True, check=False, text=True
    )

    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


@pytest.mark.parametrize("count", [1, _PART - 1, _PART, _PART + 1, 3 * _PART + 30])
def test_points_of_every_part_are_found(count: int) -> None:
    stored = _units(count)

    graph = _graph(stored, at_once=64)

    assert len(graph) == count
    for number in range(count):
        assert next(iter(graph.nearest(stored[number].tolist(), 5))) == _name(number)


def test_the_nearest_of_all_parts_come_first() -> None:
    stored, asked = _units(3 * _PART), _units(1, seed=8)[0]

    found = _graph(stored).nearest(asked.tolist(), 10)

    exact = np.argsort(-(stored @ asked))[:10].tolist()
    assert len({_name(number) for number in exact[:8]} & set(found)) == 8
    assert list(found.values()) == sorted(found.values(), reverse=True)
    similarities = {_name(number): float(stored[number] @ asked) for number in range(3 * _PART)}
    assert found == pytest.approx({name: similarities[name] for name in found}, abs=0.02)


@pytest.mark.parametrize("dimensions", [384, 1536, 3072])
@pytest.mark.parametrize("largest", [0.0, 0.8])
def test_rounding_moves_no_similarity_by_more_than_is_allowed_for(
    dimensions: int, largest: float
) -> None:
    chance = np.random.default_rng(3)
    asked = _peaked(chance, (1, dimensions), largest)[0]
    stored = _peaked(chance, (50, dimensions), largest)
    leaning = stored * chance.uniform(0.02, 1.0, (50, 1)) + asked
    leaning /= np.linalg.norm(leaning, axis=1, keepdims=True)
    graph = ScopeGraph(dimensions, _PART)
    graph.add([(_name(number), one.tolist()) for number, one in enumerate(leaning)])

    found = graph.nearest(asked.tolist(), 50)

    exact = {_name(number): float(one @ asked) for number, one in enumerate(leaning)}
    assert len(found) >= 40
    assert found == pytest.approx({name: exact[name] for name in found}, abs=ScopeGraph.MOST_OFF)


def _peaked(
    chance: np.random.Generator, shape: tuple[int, int], largest: float
) -> npt.NDArray[np.float64]:
    """Unit vectors of any direction, whose first number is `largest` where that is not 0."""
    made = chance.normal(size=shape)
    if largest:
        made[:, 0] = 0
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    if largest:
        made *= math.sqrt(1 - largest**2)
        made[:, 0] = largest
    return made


def test_near_ones_among_many_alike_are_found() -> None:
    """usearch's own rounding told too few of these apart."""
    chance = np.random.default_rng(5)
    middle = _units(1, dimensions=384)
    stored = _unit(middle + 0.05 * _units(2_000, dimensions=384, seed=6))
    asked = _unit(stored[:50] + 0.02 * _units(50, dimensions=384, seed=9))
    order = chance.permutation(len(stored))
    graph = ScopeGraph(384, 5_000)
    graph.add([(_name(int(number)), stored[number].tolist()) for number in order])

    found = [graph.nearest(vector.tolist(), 20) for vector in asked]

    met = [
        _name(number) in proposed
        for vector, proposed in zip(asked, found, strict=True)
        for number in np.argsort(-(stored @ vector))[:5].tolist()
    ]
    assert np.mean(met) > 0.95


def test_a_graph_without_points_proposes_none() -> None:
    assert ScopeGraph(_DIMENSIONS, _PART).nearest([1.0] + [0.0] * (_DIMENSIONS - 1), 5) == {}


@pytest.mark.parametrize("count", [_PART, 2 * _PART + 30])
def test_files_hold_every_part_and_grow_on(tmp_path: Path, count: int) -> None:
    stored = _units(count + 1)
    files = _graph(stored[:count]).save(tmp_path / "1")

    read = ScopeGraph.load(tmp_path / "1", _DIMENSIONS, _PART)
    read.add([(_name(count), stored[count].tolist())])

    assert sorted(files) == sorted(tmp_path.iterdir())
    assert [list(read.nearest(one.tolist(), 1)) for one in stored] == [
        [_name(number)] for number in range(count + 1)
    ]


def test_parts_of_another_size_are_not_read(tmp_path: Path) -> None:
    _graph(_units(2 * _PART)).save(tmp_path / "1")

    with pytest.raises(ValueError, match="does not have the points"):
        ScopeGraph.load(tmp_path / "1", _DIMENSIONS, 2 * _PART)


@pytest.mark.parametrize("missing", [1, 100, 20_000])
def test_a_file_that_was_not_written_to_its_end_is_noticed(tmp_path: Path, missing: int) -> None:
    graph = _graph(_units(3 * _PART))
    whole = max(path.stat().st_size for path in graph.save(tmp_path / "1"))

    with files_of_at_most(whole - missing), pytest.raises((OSError, RuntimeError)):
        graph.save(tmp_path / "2")


def _graph(stored: Vectors, at_once: int = 1_000) -> ScopeGraph:
    graph = ScopeGraph(stored.shape[1], _PART)
    points = [(_name(number), vector.tolist()) for number, vector in enumerate(stored)]
    for first in range(0, len(points), at_once):
        graph.add(points[first : first + at_once])
    return graph


def _name(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def _units(count: int, *, dimensions: int = _DIMENSIONS, seed: int = 7) -> Vectors:
    chance = np.random.default_rng(seed)
    return _unit(chance.standard_normal((count, dimensions), dtype=np.float32))


def _unit(vectors: Vectors) -> Vectors:
    units: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units
