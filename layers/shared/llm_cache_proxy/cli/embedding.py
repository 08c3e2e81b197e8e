"""`llm-cache-proxy embedding`: the embedding model as a service, for EMBEDDING_URL of a proxy."""

import asyncio

import click
import uvicorn

from llm_cache_proxy.adapters.embedder.minilm.embedder import MiniLMEmbedder, installed_embedder_id
from llm_cache_proxy.api.embedding.app import embedding_app
from llm_cache_proxy.bootstrap.folders import model_dir
from llm_cache_proxy.cli.log_lines import log_for_people
from llm_cache_proxy.cli.model import prepare_model
from llm_cache_proxy.domain.errors import EmbedderUnavailable, SettingsError
from llm_cache_proxy.settings import read_settings


@click.command()
@click.option("--host", help="Address to serve on, in place of HOST.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port, in place of PORT.")
def embedding(*, host: str | None, port: int | None) -> None:
    """Serve the embedding model: POST {"text"} gives {"embedding"}.

    It asks for no key: let nobody but the proxy reach it.
    """
    given = {"HOST": host, "PORT": port}
    settings = read_settings({name: str(each) for name, each in given.items() if each is not None})
    log_for_people(settings.log_level)
    prepare_model(settings)
    folder = model_dir(settings)
    embedder = MiniLMEmbedder(
        folder, embedder_id=installed_embedder_id(folder), threads=settings.embedding_threads
    )
    try:
        asyncio.run(embedder.load())
    except EmbedderUnavailable as exc:
        raise SettingsError(f"MODEL_DIR: {exc}") from exc
    click.echo(f"The embedding service serves http://{settings.host}:{settings.port}")
    uvicorn.run(
        embedding_app(embedder),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
