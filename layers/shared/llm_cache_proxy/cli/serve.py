"""`llm-cache-proxy serve`: the whole proxy in one process, on embedded parts by default."""

import asyncio
import contextlib
import logging
import socket
import sys
from pathlib import Path

import click
import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
from llm_cache_proxy.bootstrap.health import latest_health, what_is_amiss
from llm_cache_proxy.bootstrap.local import local_app, local_settings, prepare
from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.bootstrap.vectors_owner import vectors_owner
from llm_cache_proxy.cli.log_lines import log_for_people
from llm_cache_proxy.cli.model import prepare_model
from llm_cache_proxy.cli.reload import serve_again_and_again
from llm_cache_proxy.cli.server.bounded_protocol import bounded_protocol, limits_of
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings, load_env_file, misspelt_variables

_TAKEN_AT_ONCE = 50
"""Connections that are taken in one turn: more would keep those waiting that are served already."""

_WAITING_CONNECTIONS = 2_048
"""How many the system keeps until they are taken."""

_log = logging.getLogger(__name__)


@click.command()
@click.option("--host", help="Address to serve on, in place of HOST.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port, in place of PORT.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the embedded stores, in place of DATA_DIR.",
)
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of settings like .env, which it takes the place of; variables go before it.",
)
@click.option("--reload", is_flag=True, help="Start again when a source file or .env changes.")
@click.pass_context
def serve(
    context: click.Context,
    *,
    host: str | None,
    port: int | None,
    data_dir: Path | None,
    env_file: Path | None,
    reload: bool,
) -> None:
    """Serve the proxy on HOST and PORT with the settings of the environment."""
    if reload:
        arguments = [each for each in sys.argv[2:] if each != "--reload"]
        with contextlib.suppress(KeyboardInterrupt):
            serve_again_and_again(arguments, [env_file or Path(".env")])
        return
    if env_file is not None:
        load_env_file(env_file, over=context.obj or ())
    given = {"HOST": host, "PORT": port, "DATA_DIR": data_dir}
    settings = local_settings({name: str(each) for name, each in given.items() if each is not None})
    log_for_people(settings.log_level)
    for name, meant in misspelt_variables().items():
        _log.warning("%s is no setting and is not read: is %s meant?", name, meant)
    for doubt in settings.doubts():
        _log.warning("%s", doubt)
    with contextlib.suppress(KeyboardInterrupt), _bound(settings.host, settings.port) as bound:
        prepare_model(settings)
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:  # uvloop where it exists
            runner.run(_serve(settings, bound))


def _bound(host: str, port: int) -> socket.socket:
    """A socket at the address, bound before anything is made. Raises SettingsError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by its name: else asyncio leaves Nagle's algorithm on, and each answer on a
    # connection that is kept waits 40 ms for the client's delayed acknowledgement.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as exc:
        bound.close()
        raise SettingsError(
            f"HOST and PORT: {host}:{port} cannot be served ({exc.strerror or exc}). "
            "--host and --port name others."
        ) from exc
    return bound


async def _serve(settings: Settings, bound: socket.socket) -> None:
    owner = vectors_owner(settings)
    try:
        await _serve_over(settings, bound, None if owner is None else await owner.start())
    finally:
        if owner is not None:
            await owner.stop()


async def _serve_over(settings: Settings, bound: socket.socket, vectors_at: Path | None) -> None:
    """Serve until a signal; `vectors_at` is where the owner of the semantic tier answers."""
    parts = local_parts(settings, vectors_at)
    try:
        await prepare(parts)
    except BaseException:
        await parts.aclose()
        raise
    latest = latest_health(settings, parts)
    app = local_app(settings, parts, latest)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=bounded_protocol(limits_of(settings, app.report_refused_connection)),
        ws="none",
        backlog=_TAKEN_AT_ONCE,
        timeout_graceful_shutdown=int(settings.drain_seconds),
    )
    keyed = settings.access_mode == "keyed"
    server = _AnnouncedServer(config, parts.described, keyed=keyed)
    looking = asyncio.create_task(_say_what_is_amiss(latest, parts.described))
    await server.serve(sockets=[bound])
    looking.cancel()


async def _say_what_is_amiss(latest: LatestHealth, described: dict[str, str]) -> None:
    """A line at the start for each part that does not work; requests go on without it."""
    for line in what_is_amiss(await latest.lately(), described):
        _log.warning("%s", line)


class _AnnouncedServer(uvicorn.Server):
    """Says what it serves with once it can be reached."""

    def __init__(self, config: uvicorn.Config, described: dict[str, str], *, keyed: bool) -> None:
        super().__init__(config)
        self._described = described
        self._keyed = keyed

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then print the address."""
        await super().startup(sockets=sockets)
        for each in sockets or ():  # asyncio takes `backlog` for both numbers
            each.listen(_WAITING_CONNECTIONS)
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
