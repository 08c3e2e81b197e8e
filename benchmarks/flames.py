"""`python -m benchmarks.flames`: where the CPU of the three usual requests goes, as flame graphs.

Writes `docs/benchmarks/flame_<request>.svg` by py-spy, and prints the shares of the parts that
docs/benchmarks/flames.md speaks of. Shares carry over from a busy machine; samples that only wait
for something are left out.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from benchmarks.findings import Table
from benchmarks.rig.comparisons import python_of
from benchmarks.rig.load import Connection, chat_request
from benchmarks.rig.paraphrases import TOPICS
from benchmarks.rig.servers import MODEL, Running, local_server
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

FOLDER = Path("docs/benchmarks")
SECONDS = 15
_IDLE = ("select (selectors.py", "_worker (concurrent/futures/thread.py", "wait (threading.py")
_PARTS = {
    "MiniLM": "embedder/minilm/engine.py",
    "tokenising": "encode_batch_fast",
    "semantic store": "vector_store/qdrant/",
    "guard": "domain/guard/",
    "redis-py": "redis/asyncio/",
    "our Redis adapter": "exact_store/redis/",
    "plan and keys": "request/planned_request.py",
    "upstream call": "adapters/upstream/",
    "proving and forms": "domain/dialects/",
    "request event": "recording/request_events.py",
    "FastAPI and Starlette": "fastapi/",
    "uvicorn": "uvicorn/protocols/",
    "event loop": "asyncio/",
}
"""The innermost of these that a sample is in has it; in the order of the table."""

Ask = Callable[[Connection, int], str]


def _exact(connection: Connection, number: int) -> str:  # noqa: ARG001 - always the same
    return _result(connection, "What is Rust?")


def _semantic(connection: Connection, number: int) -> str:
    topic = TOPICS[number % len(TOPICS)]
    # Another spelling each time, else it were promoted to an exact hit.
    return _result(connection, f"Tell me what {topic} is" + " please" * (1 + number // len(TOPICS)))


def _miss(connection: Connection, number: int) -> str:
    return _result(connection, f"Tell me fact number {number} about the history of Lisbon.")


REQUESTS: dict[str, tuple[Ask, str]] = {
    "exact_hit": (_exact, "HIT-EXACT"),
    "semantic_hit": (_semantic, "HIT-SEMANTIC"),
    "miss": (_miss, "MISS"),
}


def main() -> int:
    """Record each and print the shares."""
    python_of("py-spy")  # installed before a server waits
    shares = {name: _recorded(name, *request) for name, request in REQUESTS.items()}
    rows = [
        [part, *(f"{100 * share[part] / share.total():.0f}%" for share in shares.values())]
        for part in (*_PARTS, "everything else")
    ]
    print(Table("Samples on the processor", ["in", *shares], rows).markdown())
    return 0


def _recorded(name: str, ask: Ask, wanted: str) -> "Counter[str]":
    results: Counter[str] = Counter()
    with _serving() as running, Connection(running.url) as connection:
        for topic in TOPICS:
            _result(connection, f"What is {topic}?")
        numbers = count()
        for _ in range(20):
            ask(connection, next(numbers))
        with tempfile.TemporaryDirectory() as folder:
            stacks = Path(folder) / "stacks"
            drawn = FOLDER / f"flame_{name}.svg"
            # One after the other: a process can be looked at by one only.
            for output, kind in ((drawn, "flamegraph"), (stacks, "raw")):
                with _recording(running, output, kind):
                    until = time.monotonic() + SECONDS
                    while time.monotonic() < until:
                        results[ask(connection, next(numbers))] += 1
            raw = stacks.read_text("utf-8").splitlines()
        print(f"{name}: {dict(results)}", file=sys.stderr)
        if results[wanted] < results.total() * 0.8:
            raise RuntimeError(f"{dict(results)} where {wanted} was meant")
    return _shares(raw)


@contextmanager
def _serving() -> Iterator[Running]:
    with ExitStack() as stack:
        redis_url = stack.enter_context(redis_process())
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        settings = {"REDIS_URL": redis_url, "UPSTREAM_BASE_URL": upstream.base_url}
        yield stack.enter_context(local_server(**settings))


@contextmanager
def _recording(running: Running, output: Path, kind: str) -> Iterator[None]:
    spy = str(python_of("py-spy").with_name("py-spy"))
    command = [spy, "record", "--pid", str(running.process_id), "--rate", "500"]
    command += ["--duration", "600", "--output", str(output), "--format", kind]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)  # it writes what it has seen
            process.wait(60)


def _shares(raw: list[str]) -> "Counter[str]":
    found: Counter[str] = Counter()
    for line in raw:
        stack, _, samples = line.rpartition(" ")
        frames = stack.split(";")
        if not any(idle in frames[-1] for idle in _IDLE):
            found[_part_of(frames)] += int(samples)
    return found


def _part_of(frames: list[str]) -> str:
    for frame in reversed(frames):
        for part, mark in _PARTS.items():
            if mark in frame:
                return part
    return "everything else"


def _result(connection: Connection, prompt: str) -> str:
    base = "http://127.0.0.1"
    return connection.ask(chat_request(base, prompt, MODEL)).headers["x-cache"]


if __name__ == "__main__":
    sys.exit(main())
