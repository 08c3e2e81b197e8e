"""The servers that are measured, each in a process of its own, stopped with the block."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig.comparisons import python_of
from servers.proxy.process import environment, proxy_process

_START_SECONDS = 120.0
_KEPT_SECONDS = 86_400
"""As long as ours are by default; LiteLLM's entries would be gone after 60 seconds, amid a run."""
REDIS_SECONDS = 60
"""How long a server under load waits for Redis, so that a busy machine makes no hit a miss."""
FUNCTION = Path("functions/completions").resolve()
LAYER = Path("layers/shared").resolve()
MODEL = "scripted-model"


@dataclass(frozen=True, slots=True)
class Running:
    """Where it answers, and as which process."""

    url: str
    process_id: int


@contextmanager
def local_server(**settings: str) -> Iterator[Running]:
    """Our local server, as people run it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        proxy_process(Path(folder) / "data", **settings) as proxy,
    ):
        yield Running(proxy.url, proxy.process.pid)


@contextmanager
def function_server(**settings: str) -> Iterator[Running]:
    """The completions function as `run.sh` serves it behind the Lambda Web Adapter."""
    with _under_uvicorn("app:app", FUNCTION, settings) as running:
        yield running


@contextmanager
def yardstick_server(**settings: str) -> Iterator[Running]:
    """`benchmarks/rig/yardstick.py`, served in the same way."""
    with _under_uvicorn("benchmarks.rig.yardstick:app", Path.cwd(), settings) as running:
        yield running


@contextmanager
def _under_uvicorn(app: str, folder: Path, settings: Mapping[str, str]) -> Iterator[Running]:
    """With the packages that the function has on Lambda and no others.

    Beside those of development httpx loads a command line of its own, and uvicorn another parser.
    """
    port = free_port()
    python = python_of("function").absolute()
    command = [str(python), "-m", "uvicorn", app, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--lifespan", "on", "--timeout-keep-alive", "65"]
    # As on Lambda, where the layer has no other loop.
    command += ["--loop", "asyncio"]
    command += ["--no-access-log", "--no-server-header", "--log-level", "warning"]
    wanted = environment(Path("build"), settings) | {"REDIS_URL": settings["REDIS_URL"]}
    wanted["PYTHONPATH"] = f"{folder}:{LAYER}"
    with started(command, wanted, folder, port) as running:
        yield running


def litellm_config(redis_port: str, upstream: str) -> str:
    """The configuration of LiteLLM's proxy; entries stay as long as ours, not for a minute.

    By `default_redis_ttl`, not by `ttl`: that would also hold what a worker has written in its own
    memory for longer than what it has read from Redis. Its 200 places would fill with texts that
    nobody asks for again, and every hit would come from Redis at three times the CPU.
    """
    return (
        f"model_list:\n  - model_name: {MODEL}\n    litellm_params:\n"
        f"      {{model: openai/{MODEL}, api_base: '{upstream}', api_key: none}}\n"
        f"litellm_settings:\n  default_redis_ttl: {_KEPT_SECONDS}\n  cache: true\n"
        f"  cache_params: {{type: redis, host: 127.0.0.1, port: {redis_port}, "
        f"socket_timeout: {REDIS_SECONDS}}}\n"
    )


@contextmanager
def litellm_proxy(redis_url: str, upstream: str) -> Iterator[Running]:
    """LiteLLM's proxy with its Redis cache, no database and no keys: the least it can do."""
    python = python_of("litellm").absolute()
    port = free_port()
    redis_port = redis_url.rsplit(":", 1)[1].split("/", maxsplit=1)[0]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(litellm_config(redis_port, upstream))
        command = [str(python.with_name("litellm")), "--config", str(config), "--host", "127.0.0.1"]
        command += ["--port", str(port), "--num_workers", "1", "--telemetry", "False"]
        settings = {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR",
            "REDIS_CIRCUIT_BREAKER_ENABLED": "false",
            "REDIS_CONNECTION_POOL_TIMEOUT": str(REDIS_SECONDS),
            "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
        }
        with started(command, {**os.environ, **settings}, Path(folder), port) as running:
            yield running


@contextmanager
def started(
    command: list[str], settings: Mapping[str, str], folder: Path, port: int
) -> Iterator[Running]:
    """Run `command` until it listens on `port`; RuntimeError with what it said if it does not."""
    with (
        (Path(tempfile.gettempdir()) / f"benchmark-{port}.log").open("wb") as log,
        subprocess.Popen(command, env=settings, cwd=folder, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_until_listening(process, port, log.name)
            yield Running(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait(30)
            Path(log.name).unlink()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError as exc:
            if process.poll() is not None or time.monotonic() > deadline:
                said = Path(log).read_text("utf-8", "replace")[-2_000:]
                raise RuntimeError(f"{process.args!r} does not answer:\n{said}") from exc
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
