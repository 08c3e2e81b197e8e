"""Texts as points whose vectors Qdrant computes, by qdrant-client's `models.Document`.

Imports qdrant-client (0.6 s), so it is itself imported on first use only.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

from pydantic import BaseModel, ValidationError

from llm_cache_proxy.adapters.embedder.qdrant_model import QdrantModel
from llm_cache_proxy.adapters.qdrant_rest import (
    FAILURES,
    UnexpectedResponse,
    apis,
    models,
    result_of,
)
from llm_cache_proxy.domain.errors import EmbedderUnavailable

_KEY_STATUSES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_MOST_DETAIL_CHARACTERS = 200


class _NoCollection(EmbedderUnavailable):
    """There is no collection for the texts yet."""


class _Status(BaseModel):
    error: str


class _Refusal(BaseModel):
    """The body of Qdrant's error answers: `{"status": {"error": "…"}, "time": …}`."""

    status: _Status


class TextPoints:
    """A collection of points that live for one call; methods raise EmbedderUnavailable."""

    def __init__(self, model: QdrantModel, api_key: str | None, *, timeout_seconds: int) -> None:
        self._model = model
        with _failures_as_ours():
            self._client = apis(model.url, api_key, timeout_seconds)

    async def vectors(self, texts: Mapping[str, str]) -> dict[str, object]:
        """The vector of each text, under its name, a UUID."""
        try:
            await self._written(texts)
        except _NoCollection:
            await self._provision()
            await self._written(texts)
        try:
            with _failures_as_ours():
                request = models.PointRequest(ids=list(texts), with_payload=False, with_vector=True)
                reply = await self._client.points_api.get_points(
                    self._model.collection, point_request=request
                )
                points = result_of(reply)
        finally:
            await self._removed(texts)
        return {str(point.id): point.vector for point in points}

    async def aclose(self) -> None:
        """Close the connections."""
        with _failures_as_ours():
            await self._client.aclose()

    async def _written(self, texts: Mapping[str, str]) -> None:
        name = self._model.name
        points = [
            models.PointStruct(id=one, vector=models.Document(text=text, model=name), payload={})
            for one, text in texts.items()
        ]
        with _failures_as_ours():
            reply = await self._client.points_api.upsert_points(
                self._model.collection,
                wait=True,
                point_insert_operations=models.PointsList(points=points),
            )
            result_of(reply)

    async def _removed(self, texts: Mapping[str, str]) -> None:
        """Ask for it, and do not wait until it is done."""
        selector = models.PointIdsList(points=list(texts))
        with _failures_as_ours():
            reply = await self._client.points_api.delete_points(
                self._model.collection, wait=False, points_selector=selector
            )
            result_of(reply)

    async def _provision(self) -> None:
        vectors = models.VectorParams(
            size=self._model.dimensions, distance=models.Distance.COSINE, on_disk=True
        )
        with _failures_as_ours():
            try:
                await self._client.collections_api.create_collection(
                    self._model.collection,
                    create_collection=models.CreateCollection(vectors=vectors),
                )
            except UnexpectedResponse as exc:
                if exc.status_code != HTTPStatus.CONFLICT:  # another process was a moment earlier
                    raise


@contextmanager
def _failures_as_ours() -> Iterator[None]:
    try:
        yield
    except UnexpectedResponse as exc:
        kind = _NoCollection if exc.status_code == HTTPStatus.NOT_FOUND else EmbedderUnavailable
        raise kind(f"Qdrant does not embed: {_said(exc)}") from exc
    except FAILURES as exc:
        raise EmbedderUnavailable(f"No answer from Qdrant: {type(exc).__name__}") from exc


def _said(exc: UnexpectedResponse) -> str:
    if exc.status_code in _KEY_STATUSES:
        return f"it refused the API key (status {exc.status_code})"
    try:
        error = _Refusal.model_validate_json(exc.content).status.error
    except ValidationError:
        return f"status {exc.status_code}, not in Qdrant's shape"
    return f"status {exc.status_code}: {error[:_MOST_DETAIL_CHARACTERS]}"
