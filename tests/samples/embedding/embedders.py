"""Every kind of embedder, opened on the same model."""

import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest

from llm_cache_proxy.adapters.embedder.bedrock import BedrockEmbedder
from llm_cache_proxy.adapters.embedder.bedrock_model import BedrockModel
from llm_cache_proxy.adapters.embedder.http import HttpEmbedder
from llm_cache_proxy.adapters.embedder.lambda_function import LambdaEmbedder
from llm_cache_proxy.adapters.embedder.minilm.embedder import DEFAULT_EMBEDDER_ID, MiniLMEmbedder
from llm_cache_proxy.adapters.embedder.openai import OpenAIEmbedder, OpenAIModel
from llm_cache_proxy.adapters.embedder.qdrant import QdrantEmbedder
from llm_cache_proxy.adapters.embedder.qdrant_model import QdrantModel
from llm_cache_proxy.api.embedding.app import embedding_app
from llm_cache_proxy.ports.embedder import Embedder
from samples.embedding.minilm import ROOT, loaded_model, model_folder
from servers.asgi import serving
from servers.embedding_apis import Base64, BedrockRuntime, OpenAIEmbeddings
from servers.embedding_services import invoke_api, plain_service
from servers.qdrant.rest_server import QdrantRest

KINDS = ["in process", "our service", "plain service", "lambda"]
APIS = ["openai", "openai with floats", "titan", "cohere", "qdrant"]
"""Kinds of embedders that speak another's API, here before the same model."""

LONG_SECONDS = 60
WINDOW_TOKENS = 256  # of the model


@asynccontextmanager
async def opened(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Embedder]:
    """An embedder of this kind; `folder` is for files."""
    async with AsyncExitStack() as stack:
        if kind in APIS:
            embedder: Embedder = await stack.enter_async_context(of_others(kind, monkeypatch))
        elif kind == "lambda":
            module = await stack.enter_async_context(deployed(folder))
            url = await stack.enter_async_context(serving(invoke_api("embed", module.handler)))
            embedder = invoking(url, monkeypatch)
        else:
            local = MiniLMEmbedder(model_folder())
            stack.push_async_callback(local.aclose)
            embedder = local
            if kind == "our service":
                url = await stack.enter_async_context(serving(embedding_app(local)))
                embedder = HttpEmbedder(
                    url, embedder_id=DEFAULT_EMBEDDER_ID, timeout_seconds=LONG_SECONDS
                )
            elif kind == "plain service":
                url = await stack.enter_async_context(serving(plain_service(local)))
                embedder = HttpEmbedder(
                    f"{url}/v2/vector", embedder_id="http:plain", timeout_seconds=LONG_SECONDS
                )
        stack.push_async_callback(embedder.aclose)
        yield embedder


@asynccontextmanager
async def of_others(kind: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Embedder]:
    """The adapter for an API that is not ours, and a server that speaks it."""
    if kind == "qdrant":
        server = QdrantRest()
        model = loaded_model()
        server.collections.inference = lambda _, text: list(model(text).values)
        async with serving(server) as url:
            yield inferring(url)
    elif kind in {"titan", "cohere"}:
        async with serving(BedrockRuntime(loaded_model()).app()) as url:
            name = {"titan": "amazon.titan-embed-text-v2:0", "cohere": "cohere.embed-v4:0"}[kind]
            yield on_bedrock(url, monkeypatch, name)
    else:
        base64 = Base64.GIVES if kind == "openai" else Base64.REFUSES
        async with serving(OpenAIEmbeddings(loaded_model(), base64).app()) as url:
            yield compatible(url)


def compatible(
    url: str,
    *,
    api_key: str | None = None,
    dimensions: int | None = None,
    window_tokens: int = WINDOW_TOKENS,
    timeout_seconds: float = LONG_SECONDS,
) -> OpenAIEmbedder:
    """The adapter for the OpenAI-compatible API below `url`."""
    return OpenAIEmbedder(
        OpenAIModel(f"{url}/v1", "small", window_tokens, dimensions),
        api_key=api_key,
        embedder_id="openai/small",
        timeout_seconds=timeout_seconds,
    )


def on_bedrock(
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    *,
    dimensions: int | None = None,
    timeout_seconds: float = LONG_SECONDS,
) -> BedrockEmbedder:
    """The adapter for a model of the Bedrock runtime at `url`."""
    _aws(monkeypatch, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
    return BedrockEmbedder(
        BedrockModel(name, WINDOW_TOKENS, dimensions),
        embedder_id=f"bedrock/{name}",
        timeout_seconds=timeout_seconds,
    )


def inferring(
    url: str, *, api_key: str | None = None, timeout_seconds: float = LONG_SECONDS
) -> QdrantEmbedder:
    """The adapter for the inference of the Qdrant server at `url`."""
    model = QdrantModel(url, "small", 384, WINDOW_TOKENS, "prompts.texts")
    return QdrantEmbedder(
        model, api_key=api_key, embedder_id="qdrant/small", timeout_seconds=timeout_seconds
    )


@asynccontextmanager
async def deployed(folder: Path) -> AsyncIterator[ModuleType]:
    """The function's handler module, laid out and loaded as Lambda does, off the test's loop."""
    shutil.copy(ROOT / "functions" / "embedding" / "handler.py", folder)
    (folder / "model").symlink_to(model_folder(), target_is_directory=True)
    module = await asyncio.to_thread(_loaded, folder / "handler.py")
    try:
        yield module
    finally:
        await asyncio.to_thread(module.function.close)


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("deployed_handler", path)
    if spec is None or spec.loader is None:
        pytest.fail(f"{path.name} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def invoking(
    url: str, monkeypatch: pytest.MonkeyPatch, *, timeout_seconds: float = LONG_SECONDS
) -> LambdaEmbedder:
    """The adapter for the function "embed" of the Lambda API at `url`."""
    _aws(monkeypatch, "AWS_ENDPOINT_URL_LAMBDA", url)
    return LambdaEmbedder("embed", embedder_id=DEFAULT_EMBEDDER_ID, timeout_seconds=timeout_seconds)


def _aws(monkeypatch: pytest.MonkeyPatch, endpoint: str, url: str) -> None:
    for name, value in {
        endpoint: url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
