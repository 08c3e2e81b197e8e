"""Whether an exact hit stays as cheap with a thousand, a hundred thousand and a million entries."""

import socket
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import redis

from benchmarks.findings import Budget, Curves, Finding, Table
from benchmarks.rig.load import Connection, chat_request
from benchmarks.rig.processes import cpu_seconds
from benchmarks.rig.servers import MODEL, Running, function_server
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

SIZES = (1_000, 100_000, 1_000_000)
METHOD = (
    "The completions function under uvicorn on one `redis-server`, 50 prompts stored by asking, "
    "the rest entries of the same shape with a short answer; {hits:,} hits at each size, one at a "
    "time, over those prompts. Redis's own time is what it counts for the script (`commandstats`)."
)
_BATCH = 5_000


class Taken(NamedTuple):
    """At one size: milliseconds of CPU and on the clock, microseconds in Redis, its memory."""

    entries: int
    cpu_ms: float
    p50_ms: float
    redis_us: float
    redis_mb: float

    def row(self) -> list[str]:
        """As cells."""
        times = f"{self.cpu_ms:.2f}", f"{self.p50_ms:.2f}", f"{self.redis_us:.0f}"
        return [f"{self.entries:,}", *times, f"{self.redis_mb:.0f}"]


def measured(*, hits: int = 2_000) -> Finding:
    """One server, filled further between the turns."""
    with (
        redis_process() as redis_url,
        ScriptedUpstream().in_thread() as upstream,
        function_server(REDIS_URL=redis_url, UPSTREAM_BASE_URL=upstream.base_url) as running,
        redis.Redis.from_url(redis_url) as client,
    ):
        requests = [chat_request(running.url, f"Question {n}?", MODEL) for n in range(50)]
        with Connection(running.url) as connection:
            for request in requests * 2:
                connection.ask(request)
        taken, held = [], len(requests)
        for entries in SIZES:
            _fill(redis_url, client, held, entries)
            held = entries
            taken.append(_taken(entries, client, running, requests, hits))
    return Finding(
        question="Does an exact hit stay as cheap as the cache grows?",
        method=METHOD.format(hits=hits),
        tables=[
            Table(
                "Exact hit by entries held",
                ["entries", "CPU a hit, ms", "p50 on the clock, ms", "in Redis, µs", "Redis, MB"],
                [each.row() for each in taken],
            )
        ],
        budgets=[
            Budget(
                "exact hit: Redis's time at 1,000,000 entries, of that at 1,000",
                taken[-1].redis_us / taken[0].redis_us,
                1.5,
                "×",
            ),
            Budget(
                "exact hit: our CPU at 1,000,000 entries, of that at 1,000",
                taken[-1].cpu_ms / taken[0].cpu_ms,
                1.25,
                "×",
            ),
        ],
        curves=[
            Curves(
                "entries",
                "An exact hit by entries held",
                "entries",
                "milliseconds",
                SIZES,
                {
                    "CPU of the function": [each.cpu_ms for each in taken],
                    "time in Redis": [each.redis_us / 1000 for each in taken],
                },
            )
        ],
    )


def _taken(
    entries: int, client: "redis.Redis", running: Running, requests: list[bytes], hits: int
) -> Taken:
    client.config_resetstat()
    seconds = []
    with Connection(running.url) as connection:
        before = cpu_seconds(running.process_id)
        for number in range(hits):
            reply = connection.ask(requests[number % len(requests)])
            if reply.headers["x-cache"] != "HIT-EXACT":
                raise RuntimeError(f"{reply.headers['x-cache']} instead of a hit")
            seconds.append(reply.last_seconds)
        spent = cpu_seconds(running.process_id) - before
    script = client.info("commandstats")["cmdstat_evalsha"]
    return Taken(
        entries=entries,
        cpu_ms=spent * 1000 / hits,
        p50_ms=median(seconds) * 1000,
        redis_us=script["usec"] / script["calls"],
        redis_mb=client.info("memory")["used_memory"] / 1e6,
    )


def _fill(redis_url: str, client: "redis.Redis", held: int, entries: int) -> None:
    """Copy a stored entry under other keys, its answer cut short, until there are `entries`."""
    name = next(client.scan_iter(match="*:x:*")).decode()
    prefix = name.rpartition(":x:")[0] + ":x:"
    whole = cast("dict[bytes, bytes]", client.hgetall(name))
    fields = {field: value for field, value in whole.items() if len(value) < 64}  # noqa: PLR2004 - what Redis packs tightly
    words = [word for pair in fields.items() for word in pair]
    tail = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    length = len(prefix) + 64
    head = b"*%d\r\n$4\r\nHSET\r\n$%d\r\n%s" % (len(words) + 2, length, prefix.encode())
    parts = urlsplit(redis_url)
    with socket.create_connection((parts.hostname, parts.port), 60) as connection:
        for batch in _batches(range(held, entries)):
            commands = b"".join(b"%s%064x\r\n%s" % (head, number, tail) for number in batch)
            connection.sendall(commands)
            _drain(connection, len(batch))


def _batches(numbers: range) -> Iterator[range]:
    for start in range(numbers.start, numbers.stop, _BATCH):
        yield range(start, min(start + _BATCH, numbers.stop))


def _drain(connection: socket.socket, replies: int) -> None:
    while replies:
        piece = connection.recv(1_000_000)
        if not piece or b"-ERR" in piece:
            raise RuntimeError(f"Redis refused to be filled: {piece[:200]!r}")
        replies -= piece.count(b"\r\n")
