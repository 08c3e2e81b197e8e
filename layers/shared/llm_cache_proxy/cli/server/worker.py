"""The program of one worker, which `serve` starts: it serves on a socket that it is handed.

Where its starter was killed, it stops as at a signal: requests in flight go on to their end.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from llm_cache_proxy.adapters.kept_process import given_line, say_ready, when_orphaned
from llm_cache_proxy.bootstrap.local.settings import local_settings
from llm_cache_proxy.cli.log_lines import log_for_people
from llm_cache_proxy.cli.server.fair_turns import ConnectionCounts
from llm_cache_proxy.cli.server.serving import Share, serve_on, served
from llm_cache_proxy.cli.start import reported
from llm_cache_proxy.settings import Settings


def main() -> None:
    """Serve until SIGTERM."""
    line: dict[str, Any] = given_line()
    with reported(), contextlib.suppress(KeyboardInterrupt):
        settings = local_settings(line["settings"])
        log_for_people(settings.log_level)
        served(_serve(settings, line))


async def _serve(settings: Settings, line: dict[str, Any]) -> None:
    when_orphaned(partial(os.kill, os.getpid(), signal.SIGTERM))
    listening, counts = line["descriptors"]
    number, workers, vectors_at = line["number"], settings.workers, line["vectors_at"]

    def ready(described: Mapping[str, str]) -> None:
        say_ready(line, dict(described))

    await serve_on(
        socket.socket(fileno=listening),
        settings,
        None if vectors_at is None else Path(vectors_at),
        ready,
        Share(number, workers, ConnectionCounts(counts, number, workers)),
    )


if __name__ == "__main__":
    main()
