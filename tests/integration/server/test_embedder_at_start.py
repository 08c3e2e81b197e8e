"""An embedder of others behind the local server: learnt and held at the start, then served by."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from llm_cache_proxy.bootstrap.local.app import local_app, prepare
from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings
from samples.embedding.minilm import loaded_model
from servers.asgi import serving
from servers.embedding_apis import OpenAIEmbeddings, Vector

KEY = "sk-not-to-be-shown"


def settings(url: str, folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "embedder": "openai",
            "embedding_base_url": f"{url}/v1",
            "embedding_model": "text-embedding-3-small",
            "embedding_api_key": KEY,
            "embed_deadline_seconds": 20,
            "data_dir": folder,
            "check_upstreams": False,
        }
    )


@pytest.fixture
async def service() -> AsyncIterator[tuple[OpenAIEmbeddings, str]]:
    served = OpenAIEmbeddings(loaded_model(), api_key=KEY)
    async with serving(served.app()) as url:
        yield served, url


async def started(url: str, folder: Path) -> None:
    parts = local_parts(settings(url, folder))
    try:
        await prepare(parts)
    finally:
        await parts.aclose()


def collections(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "qdrant").iterdir() if path.is_dir())


async def test_the_collection_is_made_for_the_dimensions_that_the_model_has(
    service: tuple[OpenAIEmbeddings, str], tmp_path: Path
) -> None:
    served, url = service
    served.model = lambda _: Vector([0.6, 0.8, 0.0], 3)

    await started(url, tmp_path)

    [name] = collections(tmp_path)
    assert name.startswith("llm_cache_proxy.openai-text-embedding-3-small.")
    assert '"size":3,' in (tmp_path / "qdrant" / name / "edge_config.json").read_text()


async def test_a_model_of_other_dimensions_than_the_collections_stops_the_start(
    service: tuple[OpenAIEmbeddings, str], tmp_path: Path
) -> None:
    served, url = service
    served.model = lambda _: Vector([0.6, 0.8, 0.0], 3)
    await started(url, tmp_path)
    served.model = lambda _: Vector([0.6, 0.8], 3)

    with pytest.raises(SettingsError, match="vectors of 3 dimensions, and the embedder's have 2"):
        await started(url, tmp_path)


async def test_an_embedder_that_is_away_at_the_start_is_reported_and_may_come_later(
    service: tuple[OpenAIEmbeddings, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served, url = service
    served.forced = [(500, b"{}"), (500, b"{}")]

    with caplog.at_level(logging.WARNING):
        await started(url, tmp_path)

    assert "the semantic tier is not ready yet: The embedder answered with status 500" in (
        caplog.text
    )
    assert KEY not in caplog.text


async def test_prompts_that_mean_the_same_share_an_answer_by_the_models_vectors(
    service: tuple[OpenAIEmbeddings, str], tmp_path: Path
) -> None:
    served, url = service
    chosen = settings(url, tmp_path)
    parts = local_parts(chosen)
    await prepare(parts)
    transport = httpx.ASGITransport(local_app(chosen, parts), client=("127.0.0.1", 1))

    async def ask(text: str) -> httpx.Response:
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        return await client.post("/v1/chat/completions", json=body)

    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", timeout=30
    ) as client:
        first, second = await ask("What is Rust?"), await ask("Tell me what Rust is")
        own = await client.post(
            "/v1/embeddings", json={"model": "all-MiniLM-L6-v2", "input": "text"}
        )
        metrics = (await client.get("/metrics")).json()
        await parts.aclose()

    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT-SEMANTIC")
    assert [body["input"] for body in served.bodies] == [
        ["ready"],
        ["What is Rust?"],
        ["Tell me what Rust is"],
    ]
    assert metrics["embedding"]["calls"] == metrics["latency"]["embedding"]["count"] == 2
    assert metrics["embedding"]["dollars_spent"] > 0
    assert own.status_code != 200  # the demonstration embeds nothing, and nothing here does
