"""The proxy as people run it: the command in a process of its own, on a port of its own."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from llm_cache_proxy.settings import Settings
from servers.secrecy import found_in, secrets_of

COMMAND = Path(sys.executable).with_name("llm-cache-proxy")
MODEL = Path(__file__).parents[3] / ".model" / "all-MiniLM-L6-v2"
_START_SECONDS = 90
_END_SECONDS = 60
BUSY_MACHINE = {
    f"{tier}_DEADLINE_SECONDS": "10" for tier in ("EXACT", "SEARCH", "EMBED", "VERIFIER")
}
"""Deadlines for tests of other things: a slow turn of a busy machine is no part that is away."""
EXACT_ONLY = {
    "SEMANTIC_CACHE": "false",
    "EMBEDDING_URL": "http://127.0.0.1:9",  # nobody: nothing is compared semantically
}
"""Settings of a proxy without the semantic tier."""


@dataclass
class ProxyProcess:
    """A running proxy: where it is, what it printed, and the process itself."""

    url: str
    printed: str
    process: subprocess.Popen[bytes]

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"


def environment(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings and no others of ours."""
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    # Off where a test counts what the upstream is asked.
    defaults = BUSY_MACHINE | {
        "CHECK_UPSTREAMS": "false",
        "DATA_DIR": str(data_dir),
        "MODEL_DIR": str(MODEL),
        "PORT": "0",
    }
    return kept | defaults | dict(settings)


@contextmanager
def proxy_process(data_dir: Path, **settings: str) -> Iterator[ProxyProcess]:
    """Start the proxy, wait until it can be reached, and stop it at the end.

    Whatever the test is about, no secret of the settings may stand in what the process wrote.
    """
    log = data_dir.with_suffix(".log").open("ab")
    with (
        log,
        subprocess.Popen(
            [COMMAND, "serve"],
            env=environment(data_dir, settings),
            stdout=subprocess.PIPE,
            stderr=log,
        ) as process,
    ):
        try:
            printed = _announcement(process)
            found = re.search(r"serves (http://\S+)/v1", printed)
            if found is None:
                raise AssertionError(f"the proxy did not start: {printed}\n{_tail(log.name)}")
            yield ProxyProcess(found.group(1), printed, process)
        finally:
            process.terminate()
            process.wait(timeout=_END_SECONDS)
            written = Path(log.name).read_text("utf-8", "replace")
            assert not found_in(written, secrets_of(settings)), "a secret stands in the log"


def _announcement(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    printed = b""
    deadline = time.monotonic() + _START_SECONDS
    while b"curl" not in printed and time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 0.2)
        piece = os.read(process.stdout.fileno(), 65_536) if ready else b""
        if ready and not piece:
            break
        printed += piece
    return printed.decode()


def _tail(path: str) -> str:
    return Path(path).read_text("utf-8", "replace")[-2_000:]
