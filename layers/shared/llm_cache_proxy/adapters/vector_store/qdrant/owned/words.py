"""Arguments and results of a collection's operations as a frame holds them, and back.

What an entry and a vector may be is checked where they are used; here only their shape is kept.
"""

import uuid
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, cast

from llm_cache_proxy.adapters.vector_store.qdrant.payload import Found, PointId
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.vector_store import Candidate, Placed, Scope

if TYPE_CHECKING:
    from array import array


def scope_words(scope: Scope) -> list[str]:
    """The scope as JSON."""
    return [scope.tenant, scope.fingerprint, scope.embedder_id]


def scope_in(fields: JsonObject) -> Scope:
    """The scope of a question."""
    return Scope(*texts_in(fields, "scope"))


def texts_in(fields: JsonObject, name: str) -> list[str]:
    """A list of texts."""
    return cast("list[str]", fields[name])


def text_in(fields: JsonObject, name: str) -> str:
    """A text."""
    return cast("str", fields[name])


def integer_in(fields: JsonObject, name: str) -> int:
    """An integer."""
    return cast("int", fields[name])


def number_in(fields: JsonObject, name: str) -> float:
    """A number."""
    return cast("float", fields[name])


def found_words(found: Found) -> JsonObject:
    """What a search found, as JSON."""
    candidates = [
        [one.key, one.entry_id, one.similarity, one.text, one.created_at, one.expires_at]
        for one in found.candidates
    ]
    return {"candidates": candidates, "malformed": ids_words(found.malformed)}


def found_in(fields: JsonObject) -> Found:
    """What a search found."""
    rows = cast("list[tuple[str, str, float, str, int, int]]", fields["candidates"])
    malformed = cast("list[PointId]", fields["malformed"])
    return Found([Candidate(*row) for row in rows], malformed)


def ids_words(points: Sequence[PointId]) -> list[str | int]:
    """The points' names as JSON."""
    return [str(one) if isinstance(one, uuid.UUID) else one for one in points]


def placed_words(placed: Mapping[str, Placed]) -> tuple[JsonObject, list[float]]:
    """Where entries lie, as JSON and the numbers of all vectors."""
    rows = [[key, *scope_words(one.scope)] for key, one in placed.items()]
    return {"placed": rows}, list(chain.from_iterable(one.vector for one in placed.values()))


def placed_in(fields: JsonObject, numbers: "array[float]") -> dict[str, Placed]:
    """Where entries lie."""
    rows = cast("list[tuple[str, str, str, str]]", fields["placed"])
    size = len(numbers) // max(len(rows), 1)
    return {
        key: Placed(Scope(*scope), list(numbers[number * size : (number + 1) * size]))
        for number, (key, *scope) in enumerate(rows)
    }
