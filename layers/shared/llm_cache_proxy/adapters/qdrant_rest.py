"""qdrant-client's REST calls and models, without the rest of its package.

Importing `qdrant_client` imports grpc and numpy as well, for gRPC, for a mode without a server and
for arrays as vectors: 64 MB and 0.2 s, and nothing of it is used here. So the package is entered
beside its `__init__`, and the layer carries neither library (docs/decisions/0033). What is left
takes 0.6 s to import, so this module is itself imported on first use only.
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

_PACKAGE = "qdrant_client"
_ARRAYS = f"{_PACKAGE}._numpy_vectors"
_PORT = 6333


@contextmanager
def _beside_its_init() -> Iterator[None]:
    """Let submodules be imported, unless the whole package has been; leaves no trace of it."""
    spec = importlib.util.find_spec(_PACKAGE)
    if _PACKAGE in sys.modules or spec is None:
        yield
        return
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)  # which does not execute it
    without_arrays = ModuleType(_ARRAYS)
    without_arrays.NumpyVectorsToLists = None  # type: ignore[attr-defined]  # annotates vectors
    sys.modules[_ARRAYS] = without_arrays
    try:
        yield
    finally:
        del sys.modules[_PACKAGE], sys.modules[_ARRAYS]


with _beside_its_init():
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http import AsyncApiClient, AsyncApis, models
    from qdrant_client.http.exceptions import (
        ApiException,
        ResponseHandlingException,
        UnexpectedResponse,
    )

__all__ = [
    "FAILURES",
    "ApiException",
    "QdrantApis",
    "QdrantException",
    "ResponseHandlingException",
    "UnexpectedResponse",
    "apis",
    "models",
    "result_of",
]

QdrantApis = AsyncApis[AsyncApiClient]

FAILURES = (ApiException, QdrantException, OSError, ValueError, RuntimeError)
"""What a call may raise: ValueError where an answer does not parse or a text is not UTF-8,
RuntimeError where the client is closed."""


def apis(url: str, api_key: str | None, timeout_seconds: int) -> QdrantApis:
    """The server's endpoints; no request is made yet. Raises ValueError for no URL.

    Without a port it is Qdrant's own. `timeout_seconds` is the longest that any call may take.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    return AsyncApis(
        f"{parts.scheme}://{named}:{parts.port or _PORT}{parts.path}",
        headers={"api-key": api_key} if api_key else {},
        timeout=timeout_seconds,
    )


Result_co = TypeVar("Result_co", covariant=True)


class _Reply(Protocol[Result_co]):
    """Every answer of Qdrant's, as qdrant-client's generated models have it."""

    @property
    def result(self) -> Result_co | None:
        """What was asked for."""
        ...


def result_of(reply: _Reply[Result_co]) -> Result_co:
    """What a call gave; raises ValueError where the server said nothing."""
    if reply.result is None:
        raise ValueError("an answer without a result")
    return reply.result
