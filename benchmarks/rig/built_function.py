"""The completions function with the packages that it has on Lambda and no others."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from infra.demo_upstream import demo_upstream

from benchmarks.rig.comparisons import python_of
from benchmarks.rig.servers import FUNCTION, LAYER, free_port
from servers.proxy.process import environment
from servers.redis.process import redis_process

GATEWAY = Path("tests/servers/redis/rest_server.py").resolve()
_TOKEN = "benchmark"  # noqa: S105 - of a gateway on this machine

Report = dict[str, object]


@contextmanager
def stores() -> Iterator[dict[str, dict[str, str]]]:
    """The settings for one Redis and the demonstration, by the client that reaches Redis."""
    port = free_port()
    with redis_process() as redis_url, demo_upstream("127.0.0.1") as upstream:
        settings = {"REDIS_URL": redis_url, "REDIS_REST_TOKEN": _TOKEN, "PORT": str(port)}
        with subprocess.Popen([sys.executable, GATEWAY], env=os.environ | settings) as gateway:
            try:
                yield {
                    "upstash-redis": {
                        "UPSTREAM_BASE_URL": upstream,
                        "UPSTASH_REDIS_REST_URL": f"http://127.0.0.1:{port}",
                        "UPSTASH_REDIS_REST_TOKEN": _TOKEN,
                    },
                    "redis-py": {"REDIS_URL": redis_url, "UPSTREAM_BASE_URL": upstream},
                }
            finally:
                gateway.terminate()


def instance(
    settings: Mapping[str, str], *, invocations: int = 0, rounds: int = 0, beside: bool = False
) -> Report:
    """What `benchmarks/rig/instance.py` reports of a new process with these settings."""
    script = Path(__file__).with_name("instance.py")
    options = [str(invocations), str(rounds), *(["beside"] if beside else [])]
    done = subprocess.run(
        [python_of("function").absolute(), script, *options],
        env=function_environment(settings),
        capture_output=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2_000:])
    return cast("Report", json.loads(done.stdout.splitlines()[-1]))


def function_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Lambda's environment: our code on the path, nothing of this shell's settings."""
    path = f"{FUNCTION}:{LAYER}"
    kept = environment(Path("build"), {"PYTHONPATH": path, "PYTHONHASHSEED": "0", **settings})
    return {name: value for name, value in kept.items() if not name.startswith("COVERAGE")}
