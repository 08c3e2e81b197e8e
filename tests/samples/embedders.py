"""Every kind of embedder, opened on the same model."""

import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest

from llm_cache_proxy.adapters.embedder.http import HttpEmbedder
from llm_cache_proxy.adapters.embedder.lambda_function import LambdaEmbedder
from llm_cache_proxy.adapters.embedder.minilm.embedder import DEFAULT_EMBEDDER_ID, MiniLMEmbedder
from llm_cache_proxy.api.embedding.app import embedding_app
from llm_cache_proxy.ports.embedder import Embedder
from samples.minilm import ROOT, model_folder
from servers.asgi import serving
from servers.embedding_services import invoke_api, plain_service

KINDS = ["in process", "our service", "plain service", "lambda"]
PATIENT_SECONDS = 60


@asynccontextmanager
async def opened(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Embedder]:
    """An embedder of this kind; `folder` is for files."""
    async with AsyncExitStack() as stack:
        if kind == "lambda":
            module = await stack.enter_async_context(deployed(folder))
            url = await stack.enter_async_context(serving(invoke_api("embed", module.handler)))
            embedder: Embedder = invoking(url, monkeypatch)
        else:
            local = MiniLMEmbedder(model_folder())
            stack.push_async_callback(local.aclose)
            embedder = local
            if kind == "our service":
                url = await stack.enter_async_context(serving(embedding_app(local)))
                embedder = HttpEmbedder(
                    url, embedder_id=DEFAULT_EMBEDDER_ID, timeout_seconds=PATIENT_SECONDS
                )
            elif kind == "plain service":
                url = await stack.enter_async_context(serving(plain_service(local)))
                embedder = HttpEmbedder(
                    f"{url}/v2/vector", embedder_id="http:plain", timeout_seconds=PATIENT_SECONDS
                )
        stack.push_async_callback(embedder.aclose)
        yield embedder


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
    url: str, monkeypatch: pytest.MonkeyPatch, *, timeout_seconds: float = PATIENT_SECONDS
) -> LambdaEmbedder:
    """The adapter for the function "embed" of the Lambda API at `url`."""
    for name, value in {
        "AWS_ENDPOINT_URL_LAMBDA": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return LambdaEmbedder("embed", embedder_id=DEFAULT_EMBEDDER_ID, timeout_seconds=timeout_seconds)
