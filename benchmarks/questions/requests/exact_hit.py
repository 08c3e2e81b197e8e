"""What an exact hit costs on one Redis: our servers beside LiteLLM's proxy, in turns."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

import redis

from benchmarks.findings import Budget, Finding, Table
from benchmarks.rig.load import Connection, chat_request, rounds
from benchmarks.rig.processes import cpu_seconds, resident_mb
from benchmarks.rig.servers import MODEL, Running, function_server, litellm_proxy, local_server
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

METHOD = (
    "One `redis-server`, one worker each, 8 kept-alive connections that always ask the same "
    "question, in turns of {ours:,} hits (LiteLLM: {theirs:,}), {turns} turns, medians. CPU is "
    "that of the serving process, from `/proc`. The function has the packages that it has on "
    "Lambda and no others. LiteLLM's proxy has no database and no keys."
)
PROMPT = "What is Rust, and what is it used for?"


@dataclass
class Side:
    """One server under load, and what each turn cost."""

    name: str
    running: Running
    hits: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cpu_ms: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)

    def request(self, *, model: str = MODEL, **fields: object) -> bytes:
        """What it is always asked, or that with other fields."""
        return chat_request(self.running.url, PROMPT, model, headers=self.headers, **fields)

    def turn(self) -> None:
        """Ask `hits` times."""
        request = self.request()
        with ExitStack() as stack:
            connections = [stack.enter_context(Connection(self.running.url)) for _ in range(8)]
            before = cpu_seconds(self.running.process_id)
            seconds = rounds(connections, request, self.hits)
            spent = cpu_seconds(self.running.process_id) - before
        self.cpu_ms.append(spent * 1000 / self.hits)
        self.per_second.append(self.hits / seconds)
        self.resident_mb.append(resident_mb(self.running.process_id))

    def row(self) -> list[str]:
        """CPU, hits a second, memory."""
        figures = (median(self.cpu_ms), median(self.per_second), self.resident_mb[-1])
        return [self.name, f"{figures[0]:.2f}", f"{figures[1]:,.0f}", f"{figures[2]:.0f}"]


def measured(*, ours: int = 4_000, theirs: int = 400, turns: int = 5) -> Finding:
    """Ask every side in turns."""
    with ExitStack() as stack:
        redis_url = stack.enter_context(redis_process())
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        settings = {"REDIS_URL": redis_url, "UPSTREAM_BASE_URL": upstream.base_url}
        servers = [
            ("local server, MiniLM loaded", local_server(**settings), ours),
            ("completions function under uvicorn", function_server(**settings), ours),
            ("LiteLLM proxy", litellm_proxy(redis_url, upstream.base_url), theirs),
        ]
        sides = []
        for name, server, hits in servers:
            running = stack.enter_context(server)
            side = Side(name, running, hits)
            warmed(side)
            sides.append(side)
        asked = len(upstream.requests)
        for _ in range(turns):
            for side in sides:
                side.turn()
        if len(upstream.requests) != asked:
            raise RuntimeError("a request that should have been a hit went to the upstream")
    return _finding(sides, commands_per_hit(), METHOD.format(ours=ours, theirs=theirs, turns=turns))


def warmed(side: Side) -> None:
    """Ask often enough that nothing is loaded or connected any more."""
    request = side.request()
    with Connection(side.running.url) as connection:
        connection.ask(request)
        time.sleep(1)  # LiteLLM writes after it has answered
        rounds([connection], request, 200)


def commands_per_hit(hits: int = 50) -> float:
    """Commands that reach a Redis server for one hit; a script's own calls are none."""
    with (
        redis_process() as redis_url,
        ScriptedUpstream().in_thread() as upstream,
        function_server(REDIS_URL=redis_url, UPSTREAM_BASE_URL=upstream.base_url) as running,
        redis.Redis.from_url(redis_url) as client,
        redis.Redis.from_url(redis_url) as last,
        Connection(running.url) as connection,
    ):
        request = chat_request(running.url, PROMPT, MODEL)
        connection.ask(request)
        connection.ask(request)
        last.ping()  # connected before anything is counted
        with client.monitor() as monitor:
            for _ in range(hits):
                if connection.ask(request).headers["x-cache"] != "HIT-EXACT":
                    raise RuntimeError("not a hit")
            last.ping()
            received = 0
            while (seen := monitor.next_command())["command"] != "PING":
                received += seen["client_type"] != "lua"
    return received / hits


def _finding(sides: list[Side], commands: float, method: str) -> Finding:
    ours, function, theirs = sides
    return Finding(
        question="What does an exact hit cost?",
        method=method,
        tables=[
            Table(
                "Exact hit, one worker, one Redis",
                ["", "CPU a hit, ms", "hits a second", "resident, MB"],
                [side.row() for side in sides],
            )
        ],
        budgets=[
            Budget("exact hit, local server: CPU", median(ours.cpu_ms), 0.45, "ms"),
            Budget(
                "exact hit: CPU, LiteLLM proxy's over ours",
                median(theirs.cpu_ms) / median(ours.cpu_ms),
                17,
                "×",
                least=True,
            ),
            Budget(
                "exact hits a second, ours over LiteLLM proxy's",
                median(ours.per_second) / median(theirs.per_second),
                8,
                "×",
                least=True,
            ),
            Budget("commands at Redis per exact hit", commands, 1),
            Budget(
                "resident memory of the completions process after 10,000 hits",
                function.resident_mb[-1],
                60,
                "MB",
            ),
            Budget(
                "its growth over those hits",
                function.resident_mb[-1] - function.resident_mb[0],
                3,
                "MB",
            ),
        ],
        figures={"cpu_ms": median(ours.cpu_ms), "function_cpu_ms": median(function.cpu_ms)},
    )
