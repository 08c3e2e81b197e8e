"""What batches of embeddings cost by their share of hits, beside LiteLLM's proxy, in turns."""

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from statistics import median

from benchmarks.findings import Budget, Finding, Table
from benchmarks.rig.load import Connection, Reply, all_answered, json_request
from benchmarks.rig.processes import cpu_seconds
from benchmarks.rig.servers import (
    MODEL,
    REDIS_SECONDS,
    Running,
    litellm_proxy,
    local_server,
)
from benchmarks.rig.vectors import DIMENSIONS, VECTOR, VectorsUpstream
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

METHOD = (
    "One `redis-server`, one worker and {connections} kept-alive connections each that always ask, "
    "in turns of {ours} of our batches and {theirs} of LiteLLM's ({large_ours} and {large_theirs} "
    "where they are of 1,000), which takes many times as long, so that all of it takes minutes; "
    "{turns} turns, medians. Vectors have {dimensions:,} dimensions, in base64 as OpenAI's SDK "
    "asks for them; an upstream on this machine answers at once. Requests and the upstream's "
    "answers are written before a turn; of its answers status and length are looked at while it "
    "lasts, and all vectors of one behind it. Inputs that are no hits are new each time. Hits are "
    "always the same, so that our server holds their vectors and asks Redis only whether they are "
    "living. CPU is that of the serving process, from `/proc`; the last but one column is how many "
    "inputs of a batch went to the upstream: never more than are new. Both wait for Redis as long "
    "as it takes; a turn in which a server does not find all that it has stored is asked anew, up "
    "to {tries} times in all. LiteLLM's proxy has no database and no keys. It holds 200 vectors in "
    "memory, which no setting changes, and reads each other one from Redis by itself. One batch "
    "before each turn is off the clock: it brings back to memory what other cases have taken the "
    "places of. So its hits of 100 texts come from memory, and of 1,000 from Redis. Its entries "
    "have their lifetime from `default_redis_ttl`: by `ttl`, new texts would fill its memory for "
    "good, and hits take about three times the CPU."
)
CONNECTIONS = 8
SIZES = (1, 100, 1_000)
SHARES = (0, 50, 99, 100)
BUDGETED_SHARE = 99
LEAST_RATIO = 8
MOST_CPU_MS = 8
_USUAL = 100
_LARGE = 1_000
_SETTLE_SECONDS = 1.0  # LiteLLM writes after it has answered
_TRIES = 3
_NEW = "A text that nobody has asked for yet, number {}."
_fresh = count()


@dataclass(frozen=True)
class Turns:
    """How many batches a server is asked in one turn, fewer where they are `large`."""

    usual: int
    large: int

    def of(self, case: "Case") -> int:
        """A whole number of rounds over all connections."""
        wanted = self.large if case.size >= _LARGE else self.usual
        return max(1, wanted // CONNECTIONS) * CONNECTIONS


@dataclass
class Case:
    """One size and share on one server, and what each turn cost."""

    size: int
    share: int
    per_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    missed: list[float] = field(default_factory=list)

    @property
    def hits(self) -> int:
        """How many inputs of a batch have been asked before."""
        return self.size * self.share // 100

    def inputs(self) -> list[str]:
        """A batch: what is warm, and the rest of it new."""
        return [
            *_warm(self.hits),
            *(_NEW.format(next(_fresh)) for _ in range(self.size - self.hits)),
        ]

    def row(self, name: str) -> list[str]:
        """Batches a second, CPU, and what was a miss."""
        per_second, cpu_ms, missed = map(median, (self.per_second, self.cpu_ms, self.missed))
        shown = [f"{self.size:,}", f"{self.share} %", name]
        return [*shown, f"{per_second:,.1f}", f"{cpu_ms:.2f}", f"{missed:,.1f}"]


def _warm(number: int) -> list[str]:
    return [f"A text that has been asked for before, number {each}." for each in range(number)]


def _cases(sizes: Sequence[int]) -> dict[tuple[int, int], Case]:
    """By size and share; one input is a hit or none."""
    pairs = ((size, share) for size in sizes for share in SHARES)
    return {(n, share): Case(n, share) for n, share in pairs if n > 1 or share in {0, 100}}


@dataclass
class Side:
    """One server, and the cases that it is asked."""

    name: str
    running: Running
    upstream: VectorsUpstream
    cases: dict[tuple[int, int], Case]
    turns: Turns

    def request(self, inputs: Sequence[str]) -> bytes:
        """One batch."""
        fields = {"model": MODEL, "input": inputs, "encoding_format": "base64"}
        return json_request(self.running.url, "/v1/embeddings", fields)

    def check(self, reply: Reply, count: int) -> None:
        """Raise RuntimeError unless a batch of `count` has all of its vectors."""
        vectors = [each["embedding"] for each in json.loads(reply.body).get("data", ())]
        if vectors != [VECTOR] * count:
            raise RuntimeError(f"{self.name}: status {reply.status}: {reply.body[:300]!r}")

    def warm(self) -> None:
        """Every input that is to be a hit is one, and nothing is loaded any more."""
        inputs = _warm(max(size for size, _ in self.cases))
        for _ in range(3):
            with Connection(self.running.url) as connection:
                self.check(connection.ask(self.request(inputs)), len(inputs))
            time.sleep(_SETTLE_SECONDS)

    def turn(self, case: Case) -> None:
        """Ask for one turn of a case; anew, a few times, where not all that is stored was found.

        Raises RuntimeError where it is never found: nothing would be compared then.
        """
        for _ in range(_TRIES):
            per_second, cpu_ms, missed = self._asked(case)
            if missed == case.size - case.hits:
                break
        else:
            said = f"{missed:,.1f} of {case.size:,} went up, {case.hits:,} were stored"
            raise RuntimeError(f"{self.name}: {said}")
        case.per_second.append(per_second)
        case.cpu_ms.append(cpu_ms)
        case.missed.append(missed)

    def _asked(self, case: Case) -> tuple[float, float, float]:
        """Batches a second, CPU and misses; making them and looking at answers is not timed."""
        batches = self.turns.of(case)
        with Connection(self.running.url) as connection:
            # Other cases have taken the places of its texts in a server's memory.
            self.check(connection.ask(self.request(case.inputs())), case.size)
        requests = [self.request(case.inputs()) for _ in range(batches)]
        with ExitStack() as stack:
            connections = [
                stack.enter_context(Connection(self.running.url)) for _ in range(CONNECTIONS)
            ]
            missed, cpu = self.upstream.inputs, cpu_seconds(self.running.process_id)
            seconds, last = all_answered(connections, requests)
            cpu_ms = (cpu_seconds(self.running.process_id) - cpu) * 1000 / batches
        self.check(last, case.size)
        return batches / seconds, cpu_ms, (self.upstream.inputs - missed) / batches


OURS, THEIRS = Turns(200, 24), Turns(24, 8)


def measured(
    *,
    ours: Turns = OURS,
    theirs: Turns = THEIRS,
    turns: int = 3,
    sizes: Sequence[int] = SIZES,
) -> Finding:
    """Ask both sides in turns."""
    with ExitStack() as stack:
        our, their = sides = _sides(stack, sizes, ours, theirs)
        for side in sides:
            side.warm()
        for _ in range(turns):
            for key in our.cases:
                for side in sides:
                    side.turn(side.cases[key])
    said = METHOD.format(
        connections=CONNECTIONS,
        ours=ours.usual,
        theirs=theirs.usual,
        large_ours=ours.large,
        large_theirs=theirs.large,
        turns=turns,
        dimensions=DIMENSIONS,
        tries=_TRIES,
    )
    return _finding(our, their, said)


def _sides(stack: ExitStack, sizes: Sequence[int], ours: Turns, theirs: Turns) -> tuple[Side, Side]:
    redis_url = stack.enter_context(redis_process())
    made = []
    for name in ("local server", "LiteLLM proxy"):
        upstream = VectorsUpstream(MODEL)
        base_url = stack.enter_context(ScriptedUpstream(upstream).in_thread()).base_url
        if name == "local server":
            server = local_server(
                REDIS_URL=redis_url,
                UPSTREAM_BASE_URL=base_url,
                EXACT_DEADLINE_SECONDS=str(REDIS_SECONDS),
            )
            turns = ours
        else:
            server, turns = litellm_proxy(redis_url, base_url), theirs
        running = stack.enter_context(server)
        made.append(Side(name, running, upstream, _cases(sizes), turns))
    our, their = made
    return our, their


def _finding(ours: Side, theirs: Side, method: str) -> Finding:
    ratios = {
        key: median(case.per_second) / median(theirs.cases[key].per_second)
        for key, case in ours.cases.items()
    }
    rows = [
        [*side.cases[key].row(side.name), f"{ratio:.1f} ×" if side is ours else ""]
        for key, ratio in ratios.items()
        for side in (ours, theirs)
    ]
    columns = ["inputs", "hits", "", "batches a second", "CPU a batch, ms", "to the upstream"]
    return Finding(
        question="What does a batch of embeddings cost?",
        method=method,
        tables=[Table("Batches by share of hits", [*columns, "ours over LiteLLM's"], rows)],
        budgets=[
            Budget(
                f"batches of {size:,} embeddings a second at {share} % hits, ours over LiteLLM's",
                ratios[size, share],
                LEAST_RATIO,
                "×",
                least=True,
            )
            for size, share in ratios
            if share == BUDGETED_SHARE
        ]
        + [
            Budget(
                f"batches of {size:,} embeddings at {share} % hits: CPU, LiteLLM's over ours",
                median(theirs.cases[size, share].cpu_ms) / median(case.cpu_ms),
                LEAST_RATIO,
                "×",
                least=True,
            )
            for (size, share), case in ours.cases.items()
            if share == BUDGETED_SHARE
        ]
        + [
            Budget(
                f"CPU of a batch of {_USUAL} embeddings at {BUDGETED_SHARE} % hits",
                median(case.cpu_ms),
                MOST_CPU_MS,
                "ms",
            )
            for key, case in ours.cases.items()
            if key == (_USUAL, BUDGETED_SHARE)
        ],
    )
