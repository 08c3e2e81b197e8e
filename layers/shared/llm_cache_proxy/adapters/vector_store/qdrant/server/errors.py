"""Translates what qdrant-client raises into this package's errors.

Imports qdrant-client (0.6 s), so it is itself imported on first use only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from pydantic import BaseModel, ValidationError

from llm_cache_proxy.adapters.qdrant_rest import (
    FAILURES,
    ResponseHandlingException,
    UnexpectedResponse,
)
from llm_cache_proxy.adapters.vector_store.qdrant.collection import CollectionMissing, IndexMissing
from llm_cache_proxy.domain.errors import VectorStoreUnavailable

_MAX_DETAIL_CHARACTERS = 200


class _Status(BaseModel):
    error: str


class _Refusal(BaseModel):
    """The body of Qdrant's error answers: `{"status": {"error": "…"}, "time": …}`."""

    status: _Status


@contextmanager
def failures_as_ours() -> Iterator[None]:
    """Raise `VectorStoreUnavailable`, or the kind of it that fits, for every failure inside."""
    try:
        yield
    except UnexpectedResponse as exc:
        raise _refused(exc) from exc
    except ResponseHandlingException as exc:
        raise VectorStoreUnavailable(f"no answer from Qdrant: {_described(exc.source)}") from exc
    except FAILURES as exc:
        raise VectorStoreUnavailable(f"Qdrant failed: {_described(exc)}") from exc


def is_conflict(exc: UnexpectedResponse) -> bool:
    """Whether Qdrant refused to make what is there already."""
    return exc.status_code == HTTPStatus.CONFLICT


def _refused(exc: UnexpectedResponse) -> VectorStoreUnavailable:
    if exc.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return VectorStoreUnavailable(f"Qdrant refused the API key (status {exc.status_code})")
    try:
        error = _Refusal.model_validate_json(exc.content).status.error[:_MAX_DETAIL_CHARACTERS]
    except ValidationError:
        # Some other server's answer: a proxy's page, or a wrong address.
        return VectorStoreUnavailable(f"status {exc.status_code}, not in Qdrant's shape")
    message = f"Qdrant answered {exc.status_code}: {error}"
    if exc.status_code == HTTPStatus.NOT_FOUND:
        return CollectionMissing(message)
    if exc.status_code == HTTPStatus.BAD_REQUEST and "Index required" in error:
        return IndexMissing(f"{message} (the next write provisions it)")
    return VectorStoreUnavailable(message)


def _described(exc: Exception) -> str:
    # What does not parse is quoted by the error that says so, and may be a user's text.
    said = "" if isinstance(exc, ValueError) else f" {exc}"
    return f"{type(exc).__name__}{said}"[:_MAX_DETAIL_CHARACTERS]
