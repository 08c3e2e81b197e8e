"""`llm-cache-proxy embedding`: the embedding model as a service, for EMBEDDING_URL of a proxy."""

import asyncio
import contextlib

import click
import uvicorn

from llm_cache_proxy.adapters.embedder.minilm.embedder import MiniLMEmbedder, installed_embedder_id
from llm_cache_proxy.api.embedding.app import embedding_app
from llm_cache_proxy.api.middleware.web_pages import HostRule, WebPageProtection
from llm_cache_proxy.bootstrap.embedders import model_threads
from llm_cache_proxy.bootstrap.local.cores import usable_cores
from llm_cache_proxy.bootstrap.local.folders import model_dir
from llm_cache_proxy.cli.log_lines import log_for_people
from llm_cache_proxy.cli.model import prepare_model
from llm_cache_proxy.cli.server.announcement import address_of
from llm_cache_proxy.cli.server.bound_socket import bound_socket
from llm_cache_proxy.cli.server.bounded_protocol import bounded_protocol, limits_of
from llm_cache_proxy.domain.errors import EmbedderUnavailable, SettingsError
from llm_cache_proxy.domain.host_names import is_loopback
from llm_cache_proxy.ports.embedder import Embedder
from llm_cache_proxy.settings import Settings, read_settings


@click.command()
@click.option("--host", help="Address to serve on, in place of HOST.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port, in place of PORT.")
def embedding(*, host: str | None, port: int | None) -> None:
    """Serve the embedding model: POST {"text"} gives {"embedding"}.

    It asks for no key: only the proxy may reach it. Web pages may not use it.
    """
    given = {"HOST": host, "PORT": port}
    settings = read_settings({name: str(each) for name, each in given.items() if each is not None})
    log_for_people(settings.log_level)
    with (
        contextlib.suppress(KeyboardInterrupt),
        bound_socket(settings.host, settings.port) as bound,
    ):
        prepare_model(settings)
        embedder = _loaded(settings)
        address = address_of(settings.host, bound.getsockname()[1])
        click.echo(f"The embedding service serves {address}")
        config = uvicorn.Config(
            protected(embedder, settings),
            log_level="warning",
            access_log=False,
            server_header=False,
            http=bounded_protocol(limits_of(settings)),
            ws="none",
        )
        uvicorn.Server(config).run(sockets=[bound])


def _loaded(settings: Settings) -> MiniLMEmbedder:
    folder = model_dir(settings)
    embedder = MiniLMEmbedder(
        folder,
        embedder_id=installed_embedder_id(folder),
        threads=model_threads(settings, usable_cores()),
    )
    try:
        asyncio.run(embedder.load())
    except EmbedderUnavailable as exc:
        raise SettingsError(f"MODEL_DIR: {exc}") from exc
    return embedder


def protected(embedder: Embedder, settings: Settings) -> WebPageProtection:
    """The service, for no web page; on loopback by this machine's names alone.

    Elsewhere its callers know it by names that no setting of its own has.
    """
    rule = HostRule.of(settings.allowed_hosts, settings.host)
    return WebPageProtection(
        embedding_app(embedder),
        cors_allow_origins=None,
        host_rule=rule if is_loopback(settings.host) else None,
    )
