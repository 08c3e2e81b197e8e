"""`llm-cache-proxy serve`: the whole proxy in one process, on embedded parts by default."""

import asyncio
import contextlib
import logging
import socket

import click
import uvicorn

from llm_cache_proxy.bootstrap.local import local_app, local_settings, prepare
from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.cli.server.bounded_protocol import (
    ConnectionLimits,
    bounded_protocol,
    connections_within,
)
from llm_cache_proxy.settings import Settings, misspelt_variables

_log = logging.getLogger(__name__)


@click.command()
def serve() -> None:
    """Serve the proxy on HOST and PORT with the settings of the environment."""
    settings = local_settings()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    for name, meant in misspelt_variables().items():
        _log.warning("%s is no setting and is not read: is %s meant?", name, meant)
    for doubt in settings.doubts():
        _log.warning("%s", doubt)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    parts = local_parts(settings)
    try:
        await prepare(parts)
    except BaseException:
        await parts.aclose()
        raise
    config = uvicorn.Config(
        local_app(settings, parts),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=bounded_protocol(_limits(settings)),
        timeout_graceful_shutdown=int(settings.drain_seconds),
    )
    keyed = settings.access_mode == "keyed"
    await _AnnouncedServer(config, parts.described, keyed=keyed).serve()


def _limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        connections=connections_within(settings.max_connections),
        head_bytes=settings.max_header_bytes,
        head_seconds=settings.header_timeout_seconds,
    )


class _AnnouncedServer(uvicorn.Server):
    """Says what it serves with once it can be reached."""

    def __init__(self, config: uvicorn.Config, described: dict[str, str], *, keyed: bool) -> None:
        super().__init__(config)
        self._described = described
        self._keyed = keyed

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell people where."""
        await super().startup(sockets=sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            address = f"http://{self.config.host}:{port}"
            click.echo(_announcement(address, self._described, keyed=self._keyed))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing more, and wait for what is in flight."""
        if requests := len(self.server_state.tasks):
            seconds = self.config.timeout_graceful_shutdown
            click.echo(f"Stopping: {requests} requests in flight have up to {seconds} s to end.")
        await super().shutdown(sockets=sockets)


def _announcement(address: str, described: dict[str, str], *, keyed: bool) -> str:
    access = "by client key: llm-cache-proxy admin keys create" if keyed else "open to everyone"
    rows = {**described, "access": access, "dashboard": f"{address}/dashboard"}
    width = max(map(len, rows))
    parts = "\n".join(f"  {name:<{width}}  {what}" for name, what in rows.items())
    message = '{"role": "user", "content": "What is Rust?"}'
    body = f'{{"model": "llama-3.1-8b-instant", "messages": [{message}]}}'
    bearer = "    -H 'authorization: Bearer lcp_...' \\\n" if keyed else ""
    return (
        f"LLM Cache Proxy serves {address}/v1\n{parts}\n\n"
        "Try this twice; the second answer is a hit (see the header x-cache):\n"
        f"  curl -i {address}/v1/chat/completions -H 'content-type: application/json' \\\n"
        f"{bearer}    -d '{body}'\n"
    )
