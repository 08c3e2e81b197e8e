"""Texts as points whose vectors Qdrant computes, by qdrant-client's `models.Document`.

Imports qdrant-client (0.7 s), so it is itself imported on first use only.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from llm_cache_proxy.domain.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.embedder.qdrant import QdrantModel


# ValueError covers answers that do not parse; AssertionError and RuntimeError are qdrant-client's
# own for an empty result and a closed client.
_FAILURES = (ApiException, QdrantException, OSError, ValueError, AssertionError, RuntimeError)
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

    def __init__(self, model: "QdrantModel", api_key: str | None, *, timeout_seconds: int) -> None:
        self._model = model
        with _failures_as_ours():
            self._client = AsyncQdrantClient(
                url=model.url,
                headers={"api-key": api_key} if api_key else None,
                prefer_grpc=False,
                timeout=timeout_seconds,
                cloud_inference=True,  # a Document goes to the server as it is
                check_compatibility=False,
            )

    async def vectors(self, texts: Mapping[str, str]) -> dict[str, object]:
        """The vector of each text, under its name, a UUID."""
        try:
            await self._written(texts)
        except _NoCollection:
            await self._provision()
            await self._written(texts)
        try:
            with _failures_as_ours():
                points = await self._client.retrieve(
                    self._model.collection, ids=list(texts), with_payload=False, with_vectors=True
                )
        finally:
            await self._removed(texts)
        return {str(point.id): point.vector for point in points}

    async def aclose(self) -> None:
        """Close the connections."""
        with _failures_as_ours():
            await self._client.close()

    async def _written(self, texts: Mapping[str, str]) -> None:
        name = self._model.name
        points = [
            models.PointStruct(id=one, vector=models.Document(text=text, model=name), payload={})
            for one, text in texts.items()
        ]
        with _failures_as_ours():
            await self._client.upsert(self._model.collection, points=points, wait=True)

    async def _removed(self, texts: Mapping[str, str]) -> None:
        """Ask for it, and do not wait until it is done."""
        selector = models.PointIdsList(points=list(texts))
        with _failures_as_ours():
            await self._client.delete(self._model.collection, points_selector=selector, wait=False)

    async def _provision(self) -> None:
        vectors = models.VectorParams(
            size=self._model.dimensions, distance=models.Distance.COSINE, on_disk=True
        )
        with _failures_as_ours():
            try:
                await self._client.create_collection(self._model.collection, vectors_config=vectors)
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
    except _FAILURES as exc:
        raise EmbedderUnavailable(f"No answer from Qdrant: {type(exc).__name__}") from exc


def _said(exc: UnexpectedResponse) -> str:
    if exc.status_code in _KEY_STATUSES:
        return f"it refused the API key (status {exc.status_code})"
    try:
        error = _Refusal.model_validate_json(exc.content).status.error
    except ValidationError:
        return f"status {exc.status_code}, not in Qdrant's shape"
    return f"status {exc.status_code}: {error[:_MOST_DETAIL_CHARACTERS]}"
