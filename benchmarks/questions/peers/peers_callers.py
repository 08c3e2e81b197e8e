"""What an exact hit costs a program on LangChain: by its own Redis caches, or by our server."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from benchmarks.findings import Finding, Table
from benchmarks.questions.peers.peers_exact import not_measured
from benchmarks.questions.requests.exact_hit import PROMPT
from benchmarks.rig.peers import langchain_callers as langchain
from benchmarks.rig.peers import servers
from benchmarks.rig.peers.install import PeerUnavailable
from benchmarks.rig.processes import cpu_seconds
from benchmarks.rig.servers import local_server
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

METHOD = (
    "One program each that asks `ChatOpenAI` the same question, one at a time, in turns of "
    "{hits} hits, {turns} turns, medians. LangChain's caches are libraries: all of their work is "
    "in the calling process, and a hit saves it the HTTP request that our server is asked by. They "
    "know no keys, limits or counters, cache for LangChain's callers alone, and share entries only "
    "through Redis. langchain-community's keeps hashes in a plain redis-server, the same as ours; "
    "langchain-redis' need RedisJSON and RediSearch, which redis-stack's wheel brings."
)
_PROBES = 3
OURS = "no cache in the program, our local server behind it"


@dataclass
class Side:
    """A program, its upstream, and the server between them if there is one."""

    name: str
    caller: langchain.Caller
    upstream: ScriptedUpstream
    server: int | None
    caller_ms: list[float] = field(default_factory=list)
    server_ms: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    resident_mb: float = 0.0
    missed: int = 0

    def warm(self) -> None:
        """Ask until nothing is loaded any more; PeerUnavailable where it never is a hit."""
        self.caller.ask([PROMPT] * 20)
        self.turn(_PROBES)
        if self.missed == _PROBES:
            raise PeerUnavailable("does not cache: repeated requests went to the upstream")

    def turn(self, hits: int) -> None:
        """Ask `hits` times."""
        reached, before = len(self.upstream.requests), self._server_seconds()
        asked = self.caller.ask([PROMPT] * hits)
        spent = self._server_seconds() - before
        self.missed += len(self.upstream.requests) - reached
        self.caller_ms.append(asked.cpu_ms / hits)
        self.server_ms.append(spent * 1000 / hits)
        self.per_second.append(hits / asked.seconds)
        self.resident_mb = asked.resident_mb

    def forget(self) -> None:
        """What was counted while it was warmed."""
        for counted in (self.caller_ms, self.server_ms, self.per_second):
            counted.clear()
        self.missed = 0

    def row(self) -> list[str]:
        """CPU of both processes, hits a second, memory of the program."""
        caller, server = median(self.caller_ms), median(self.server_ms)
        parts = [f"{caller:.2f}", f"{server:.2f}" if self.server else "–", f"{caller + server:.2f}"]
        return [
            self.name,
            *parts,
            f"{median(self.per_second):,.0f}",
            f"{self.resident_mb:.0f}",
            f"{self.missed}",
        ]

    def _server_seconds(self) -> float:
        return cpu_seconds(self.server) if self.server else 0.0


def measured(*, hits: int = 200, turns: int = 5) -> Finding:
    """Ask every side in turns."""
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        plain = stack.enter_context(redis_process())
        try:
            modules = stack.enter_context(servers.redis_stack())
        except PeerUnavailable as exc:
            missing["redis-stack's server, for langchain-redis"] = str(exc)
            modules = plain
        sides = []
        for name, cache, redis_url in (
            (OURS, langchain.NO_CACHE, plain),
            (langchain.COMMUNITY, langchain.COMMUNITY, plain),
            (langchain.EXACT, langchain.EXACT, modules),
            (langchain.SEMANTIC, langchain.SEMANTIC, modules),
        ):
            try:
                sides.append(_side(stack, name, cache, redis_url))
            except PeerUnavailable as exc:
                missing[name] = str(exc)
        for _ in range(turns):
            for side in sides:
                side.turn(hits)
    return Finding(
        question="What does an exact hit cost a program on LangChain?",
        method=METHOD.format(hits=hits, turns=turns),
        tables=[
            Table(
                "Exact hit, CPU milliseconds",
                [
                    "",
                    "program",
                    "server",
                    "together",
                    "hits a second",
                    "program, resident, MB",
                    "no hit",
                ],
                [side.row() for side in sides],
            ),
            *not_measured(missing),
        ],
    )


def _side(stack: ExitStack, name: str, cache: str, redis_url: str) -> Side:
    upstream = stack.enter_context(ScriptedUpstream().in_thread())
    base_url, server = upstream.base_url, None
    if name == OURS:
        settings = {"REDIS_URL": redis_url, "UPSTREAM_BASE_URL": base_url}
        running = stack.enter_context(local_server(**settings))
        base_url, server = f"{running.url}/v1", running.process_id
    caller = stack.enter_context(langchain.langchain(cache, redis_url, base_url))
    side = Side(name, caller, upstream, server)
    side.warm()
    side.forget()
    return side
