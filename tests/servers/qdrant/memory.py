"""One Qdrant collection in memory: points, exact cosine search, payload indexes, strict mode.

Decides what Qdrant would answer; never speaks HTTP. Refusals carry Qdrant's status and words.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from servers.qdrant.filters import Json, matches, needed_indexes


class Refused(Exception):
    """Qdrant would answer with `status` and this error text."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


Inference = Callable[[str, str], list[float]]
"""The vector of a model's name and a text."""


@dataclass
class Point:
    vector: list[float]
    unit: np.ndarray
    payload: Json
    version: int


@dataclass
class Collection:
    """`strict`: filters need an index, when reading and when deleting, as on Qdrant Cloud."""

    size: int
    distance: str
    strict: bool
    points: dict[str | int, Point] = field(default_factory=dict)
    indexes: dict[str, Json] = field(default_factory=dict)
    operations: int = 0
    inference: Inference | None = None

    def upsert(self, points: list[Json]) -> None:
        points = [{**point, "vector": self._computed(point["vector"])} for point in points]
        checked = [(_checked_id(point["id"]), self._unit(point["vector"])) for point in points]
        self.operations += 1
        for (point_id, unit), point in zip(checked, points, strict=True):
            payload = point.get("payload") or {}
            self.points[point_id] = Point(point["vector"], unit, payload, self.operations)

    def query(self, body: Json) -> list[Json]:
        asked = body["query"]
        unit = self._unit(asked["nearest"] if isinstance(asked, dict) else asked)
        self._check_indexes(body.get("filter"))
        scored = [
            (float(point.unit @ unit), point_id, point)
            for point_id, point in self._matching(body.get("filter"))
        ]
        scored.sort(key=lambda found: found[0], reverse=True)
        offset = body.get("offset") or 0
        return [
            {"version": point.version, "score": score, **_shown(point_id, point, body)}
            for score, point_id, point in scored[offset : offset + body.get("limit", 10)]
        ]

    def retrieve(self, body: Json) -> list[Json]:
        ids = [_checked_id(point_id) for point_id in body["ids"]]
        return [_shown(one, self.points[one], body) for one in ids if one in self.points]

    def count(self, body: Json) -> int:
        self._check_indexes(body.get("filter"))
        return sum(1 for _ in self._matching(body.get("filter")))

    def delete(self, body: Json) -> None:
        if "points" in body:
            doomed: Iterable[str | int] = [_checked_id(point_id) for point_id in body["points"]]
        else:
            self._check_indexes(body["filter"])
            doomed = [point_id for point_id, _ in self._matching(body["filter"])]
        self.operations += 1
        for point_id in doomed:
            self.points.pop(point_id, None)

    def scroll(self, body: Json) -> tuple[list[Json], str | int | None]:
        self._check_indexes(body.get("filter"))
        limit = body.get("limit") or 10
        start = body.get("offset")
        found = sorted(self._matching(body.get("filter")), key=lambda pair: str(pair[0]))
        rest = [pair for pair in found if start is None or str(pair[0]) >= str(start)]
        page = [_shown(point_id, point, body) for point_id, point in rest[:limit]]
        return page, rest[limit][0] if len(rest) > limit else None

    def _matching(self, condition: Json | None) -> Iterator[tuple[str | int, Point]]:
        for point_id, point in self.points.items():
            if matches(condition, point_id, point.payload):
                yield point_id, point

    def _check_indexes(self, condition: Json | None) -> None:
        if not self.strict:
            return
        for name, types in needed_indexes(condition):
            if self.indexes.get(name, {}).get("type") not in types:
                raise Refused(
                    400,
                    f'Bad request: Index required but not found for "{name}" of one of the'
                    f" following types: [{', '.join(types)}]. Help: Create an index for this key"
                    " or use a different filter.",
                )

    def _computed(self, vector: object) -> object:
        """What stands for a vector as a vector: `{"text", "model"}` is a document."""
        if not isinstance(vector, dict):
            return vector
        if self.inference is None:
            raise Refused(500, "Service internal error: InferenceService is not initialized")
        return self.inference(vector["model"], vector["text"])

    def _unit(self, vector: list[float]) -> np.ndarray:
        if len(vector) != self.size:
            raise Refused(
                400,
                f"Wrong input: Vector dimension error: expected dim: {self.size},"
                f" got {len(vector)}",
            )
        array = np.asarray(vector, dtype=np.float32)
        norm = float(np.linalg.norm(array))
        return array / norm if norm > 0 else array


def _checked_id(value: object) -> str | int:
    if isinstance(value, int) and value >= 0:
        return value
    try:
        return str(uuid.UUID(str(value)))
    except ValueError as exc:
        raise Refused(
            400,
            f"Format error in JSON body: value {value} is not a valid point ID, valid values are"
            " either an unsigned integer or a UUID",
        ) from exc


def _shown(point_id: str | int, point: Point, body: Json) -> Json:
    shown: Json = {"id": point_id}
    wanted = body.get("with_payload", False)
    if isinstance(wanted, dict):
        wanted = wanted.get("include", wanted)
    if wanted is True:
        shown["payload"] = point.payload
    elif isinstance(wanted, list):
        shown["payload"] = {name: point.payload[name] for name in wanted if name in point.payload}
    if body.get("with_vector"):
        shown["vector"] = point.unit.tolist()
    return shown
