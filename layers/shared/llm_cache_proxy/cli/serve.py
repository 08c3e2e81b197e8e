"""`llm-cache-proxy serve`: the whole proxy, on embedded parts by default."""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from llm_cache_proxy.bootstrap.local.settings import local_settings
from llm_cache_proxy.bootstrap.local.vectors_owner import vectors_owner
from llm_cache_proxy.cli.log_lines import log_for_people
from llm_cache_proxy.cli.model import prepare_model
from llm_cache_proxy.cli.reload import serve_again_and_again
from llm_cache_proxy.cli.server.announcement import address_of, announcement
from llm_cache_proxy.cli.server.bound_socket import bound_socket
from llm_cache_proxy.cli.server.stopping import cancelled_at_signals, to_its_end
from llm_cache_proxy.cli.server.workers import WorkerFailed, serve_by_workers
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings, load_env_file, misspelt_variables

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
@click.option("--workers", type=click.IntRange(1, 64), help="Processes, in place of WORKERS.")
@click.option("--reload", is_flag=True, help="Start again when a source file or .env changes.")
@click.pass_context
def serve(
    context: click.Context,
    *,
    host: str | None,
    port: int | None,
    data_dir: Path | None,
    env_file: Path | None,
    workers: int | None,
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
    chosen = {"HOST": host, "PORT": port, "DATA_DIR": data_dir, "WORKERS": workers}
    given = {name: str(each) for name, each in chosen.items() if each is not None}
    settings = local_settings(given)
    log_for_people(settings.log_level)
    for name, meant in misspelt_variables().items():
        _log.warning("%s is no setting and is not read: is %s meant?", name, meant)
    for doubt in settings.doubts():
        _log.warning("%s", doubt)
    signalled = (KeyboardInterrupt, asyncio.CancelledError)
    with contextlib.suppress(*signalled), bound_socket(settings.host, settings.port) as bound:
        prepare_model(settings)
        if settings.workers == 1:
            _serve_in_this_process(settings, bound)
        else:
            _serve_by_workers(settings, given, bound)


def _serve_in_this_process(settings: Settings, bound: socket.socket) -> None:
    from llm_cache_proxy.cli.server.serving import (  # noqa: PLC0415 - workers import it themselves
        Share,
        serve_on,
        served,
    )

    owner = vectors_owner(settings)

    def ready(described: Mapping[str, str]) -> None:
        address = address_of(settings.host, bound.getsockname()[1])
        click.echo(announcement(address, described, keyed=settings.access_mode == "keyed"))

    async def serve_parts() -> None:
        with cancelled_at_signals():
            try:
                vectors_at = None if owner is None else await owner.start()
                await serve_on(bound, settings, vectors_at, ready, Share())
            finally:
                if owner is not None:
                    await to_its_end(owner.stop())

    served(serve_parts())


def _serve_by_workers(settings: Settings, given: Mapping[str, str], bound: socket.socket) -> None:
    if sys.platform == "win32":
        raise SettingsError("WORKERS: expected 1, since Windows hands no socket to a process.")
    try:
        asyncio.run(serve_by_workers(settings, given, bound))
    except WorkerFailed as exc:
        sys.exit(exc.status)
