"""Which embedder the settings name, and where its vectors are kept.

MiniLM's vectors, from this process or another, share the collection that is configured. Each other
embedder has a collection of its own beside it, so that neither dimensions nor meanings mix.
"""

import hashlib
import re

from llm_cache_proxy.bootstrap.local.cores import usable_cores
from llm_cache_proxy.bootstrap.local.folders import model_dir
from llm_cache_proxy.ports.embedder import Embedder
from llm_cache_proxy.settings import Settings

_SLUG_CHARACTERS = 60
_MOST_THREADS = 2  # of a default: each further one takes more CPU for less time


def known_dimensions(settings: Settings) -> int | None:
    """The dimensions of the embedder's vectors; None if only its first vector will show them."""
    from llm_cache_proxy.adapters.vector_store.qdrant.payload import MINILM_DIMENSIONS

    return MINILM_DIMENSIONS if settings.embedder == "minilm" else settings.embedding_dimensions


def collection_name(settings: Settings) -> str:
    """The collection of the embedder's vectors."""
    if settings.embedder == "minilm":
        return settings.qdrant_collection
    return collection_of(settings, named_embedder_id(settings))


def collection_of(settings: Settings, embedder_id: str) -> str:
    """The collection of an embedder's vectors, by its id."""
    kind, has_model, _ = embedder_id.partition("/")
    if not has_model or kind not in {"openai", "bedrock", "qdrant"}:
        return settings.qdrant_collection
    slug = re.sub(r"[^a-z0-9]+", "-", embedder_id.lower())[:_SLUG_CHARACTERS].strip("-")
    digest = hashlib.sha256(embedder_id.encode()).hexdigest()[:8]
    return f"{settings.qdrant_collection}.{slug}.{digest}"


def named_embedder_id(settings: Settings) -> str:
    """Embedder, model (or the name that is set for it), and the dimensions that are asked for."""
    name = settings.embedder_id or settings.embedding_model or ""
    dimensions = settings.embedding_dimensions
    asked = () if dimensions is None else (str(dimensions),)
    return "/".join((settings.embedder, name, *asked))


def remote_embedder(settings: Settings) -> tuple[Embedder, str] | None:
    """The embedder that is named, unless it is the model in this process."""
    if settings.embedder != "minilm":
        return _named(settings, settings.embedding_model or "")
    timeout_seconds = settings.embed_deadline_seconds
    if settings.embedding_url is not None:
        from llm_cache_proxy.adapters.embedder.http import HttpEmbedder

        http = HttpEmbedder(
            settings.embedding_url,
            embedder_id=settings.embedder_id or f"http:{settings.embedding_url}",
            timeout_seconds=timeout_seconds,
        )
        return http, f"HTTP service at {settings.embedding_url}"
    if settings.embedding_function is not None:
        from llm_cache_proxy.adapters.embedder.lambda_function import LambdaEmbedder
        from llm_cache_proxy.adapters.embedder.minilm.embedder import DEFAULT_EMBEDDER_ID

        function = LambdaEmbedder(
            settings.embedding_function,
            embedder_id=settings.embedder_id or DEFAULT_EMBEDDER_ID,
            timeout_seconds=timeout_seconds,
        )
        return function, f"Lambda function {settings.embedding_function}"
    return None


def embedded_embedder(settings: Settings) -> tuple[Embedder, str]:
    """MiniLM in this process."""
    from llm_cache_proxy.adapters.embedder.minilm.embedder import (
        MiniLMEmbedder,
        installed_embedder_id,
    )

    folder = model_dir(settings)
    model = MiniLMEmbedder(
        folder,
        embedder_id=installed_embedder_id(folder),
        threads=model_threads(settings, usable_cores()),
    )
    return model, f"all-MiniLM-L6-v2 in process, from {folder}"


def model_threads(settings: Settings, cores: int) -> int:
    """How many threads make one vector, on so many cores that all workers share."""
    if settings.embedding_threads is not None:
        return settings.embedding_threads
    return min(_MOST_THREADS, max(1, cores // settings.workers))


def _named(settings: Settings, model: str) -> tuple[Embedder, str]:
    if settings.embedder == "openai":
        return _openai(settings, model)
    if settings.embedder == "bedrock":
        return _bedrock(settings, model)
    return _qdrant(settings, model)


def _openai(settings: Settings, model: str) -> tuple[Embedder, str]:
    from llm_cache_proxy.adapters.embedder.openai import OpenAIEmbedder, OpenAIModel

    base_url, key = settings.embedding_base_url or "", settings.embedding_api_key
    embedder = OpenAIEmbedder(
        OpenAIModel(base_url, model, _window(settings, model), settings.embedding_dimensions),
        api_key=None if key is None else key.get_secret_value(),
        embedder_id=named_embedder_id(settings),
        timeout_seconds=settings.embed_deadline_seconds,
    )
    return embedder, f"{model} at {base_url}"


def _bedrock(settings: Settings, model: str) -> tuple[Embedder, str]:
    from llm_cache_proxy.adapters.embedder.bedrock import BedrockEmbedder
    from llm_cache_proxy.adapters.embedder.bedrock_model import BedrockModel

    embedder = BedrockEmbedder(
        BedrockModel(model, _window(settings, model), settings.embedding_dimensions),
        embedder_id=named_embedder_id(settings),
        timeout_seconds=settings.embed_deadline_seconds,
    )
    return embedder, f"{model} on Amazon Bedrock"


def _qdrant(settings: Settings, model: str) -> tuple[Embedder, str]:
    from llm_cache_proxy.adapters.embedder.qdrant import QdrantEmbedder
    from llm_cache_proxy.adapters.embedder.qdrant_model import QdrantModel

    url, key = settings.qdrant_url or "", settings.qdrant_api_key
    embedder = QdrantEmbedder(
        QdrantModel(
            url=url,
            name=model,
            dimensions=settings.embedding_dimensions or 0,
            window_tokens=_window(settings, model),
            collection=f"{collection_name(settings)}.texts",
        ),
        api_key=None if key is None else key.get_secret_value(),
        embedder_id=named_embedder_id(settings),
        timeout_seconds=settings.embed_deadline_seconds,
    )
    return embedder, f"{model} on Qdrant at {url}"


def _window(settings: Settings, model: str) -> int:
    from llm_cache_proxy.adapters.embedder.windows import window_tokens

    return settings.embedding_window_tokens or window_tokens(model)
