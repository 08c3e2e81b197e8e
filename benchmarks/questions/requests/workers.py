"""What a second worker adds to exact hits, and what it costs, in turns with one alone."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.findings import Budget, Finding, Table
from benchmarks.rig.load import Connection, chat_request, rounds
from benchmarks.rig.processes import cpu_seconds
from benchmarks.rig.servers import MODEL, Running, local_server
from servers.proxy.memory import children
from servers.proxy.process import EXACT_ONLY
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

METHOD = (
    "One local server of one worker, one of two, on one `redis-server`; two processes with 8 "
    "kept-alive connections each that always ask the same question, in turns of {hits:,} hits, "
    "{turns} turns, medians. On the clock, servers, Redis and clients share the machine's two "
    "cores, so that no two workers have them alone. CPU says what is left then: that of one "
    "worker alone for a hit, over that of the busier of the two for a hit of both, is how many "
    "times the hits a second are where each worker has a core."
)
PROMPT = "What is Rust, and what is it used for?"
LEAST = 1.8
MOST_SHARE = 0.6
_CLIENTS, _CONNECTIONS = 2, 8


@dataclass
class Workers:
    """A server of so many workers, and what each turn cost."""

    count: int
    running: Running
    per_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    busiest_ms: list[float] = field(default_factory=list)

    def turn(self, hits: int) -> None:
        """Have the clients ask `hits` times altogether."""
        ids = self._process_ids()
        with asking(self.running.url, hits // _CLIENTS) as clients:
            before = [cpu_seconds(each) for each in ids]
            seconds = max(clients.all_asked())
            spent = [cpu_seconds(each) - was for each, was in zip(ids, before, strict=True)]
        self.per_second.append(hits / seconds)
        self.cpu_ms.append(sum(spent) * 1000 / hits)
        self.busiest_ms.append(max(spent) * 1000 / hits)

    def row(self) -> list[str]:
        """Hits a second, CPU a hit of all workers and of the busiest."""
        figures = (median(self.cpu_ms), median(self.busiest_ms))
        per_second = f"{median(self.per_second):,.0f}"
        return [str(self.count), per_second, *(f"{figure:.2f}" for figure in figures)]

    def _process_ids(self) -> list[int]:
        if self.count == 1:
            return [self.running.process_id]
        return [each for each in children(self.running.process_id) if _is_worker(each)]


class Clients:
    """Processes that are connected, and wait for the word."""

    def __init__(self, processes: list["subprocess.Popen[str]"]) -> None:
        self._processes = processes

    def all_asked(self) -> list[float]:
        """The seconds that each took."""
        for process in self._processes:
            assert process.stdin is not None  # noqa: S101 - a pipe
            process.stdin.write("go\n")
            process.stdin.flush()
        return [_said(process) for process in self._processes]


@contextmanager
def asking(url: str, hits: int) -> Iterator[Clients]:
    """Clients that will ask `hits` times each."""
    command = [sys.executable, "-m", __spec__.name, url, str(hits)]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(_CLIENTS)
        ]
        for process in processes:
            _said(process)  # connected
        yield Clients(processes)


def _said(process: "subprocess.Popen[str]") -> float:
    assert process.stdout is not None  # noqa: S101 - a pipe
    return float(process.stdout.readline())


def client(url: str, hits: int) -> None:
    """Connect, wait for the word, ask, and say how long it took."""
    request = chat_request(url, PROMPT, MODEL)
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(url)) for _ in range(_CONNECTIONS)]
        rounds(connections, request, _CONNECTIONS)
        print(0, flush=True)
        sys.stdin.readline()
        print(rounds(connections, request, hits), flush=True)


def measured(*, hits: int = 4_000, turns: int = 5) -> Finding:
    """Ask both servers in turns."""
    alone, both = compared(hits, turns)
    return Finding(
        question="What does a second worker add?",
        method=METHOD.format(hits=hits, turns=turns),
        tables=[
            Table(
                "Exact hits by the number of workers",
                ["workers", "hits a second", "CPU a hit, ms", "of the busiest worker, ms"],
                [alone.row(), both.row()],
            )
        ],
        budgets=[scaling(alone, both), balance(both)],
    )


def compared(hits: int, turns: int) -> tuple[Workers, Workers]:
    """One worker and two, after `turns` each."""
    with ExitStack() as stack:
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        settings = EXACT_ONLY | {
            "REDIS_URL": stack.enter_context(redis_process()),
            "UPSTREAM_BASE_URL": upstream.base_url,
            "CONSOLE": "off",
        }
        sides = [
            Workers(count, stack.enter_context(local_server(**settings, WORKERS=str(count))))
            for count in (1, 2)
        ]
        for side in sides:
            side.turn(200)
        asked = len(upstream.requests)
        for side in sides:
            for figures in (side.per_second, side.cpu_ms, side.busiest_ms):
                figures.clear()
        for _ in range(turns):
            for side in sides:
                side.turn(hits)
        if len(upstream.requests) != asked:
            raise RuntimeError("a request that should have been a hit went to the upstream")
    return sides[0], sides[1]


def scaling(alone: Workers, both: Workers) -> Budget:
    """How many times the hits, where each worker has a core."""
    times = median(
        one / busiest for one, busiest in zip(alone.cpu_ms, both.busiest_ms, strict=True)
    )
    what = "exact hits a second with two workers, by CPU, over one worker's"
    return Budget(what, times, LEAST, "×", least=True)


def balance(both: Workers) -> Budget:
    """How evenly they take turns, which a busy machine hardly changes: a half is best."""
    shares = zip(both.busiest_ms, both.cpu_ms, strict=True)
    share = median(busiest / of_both for busiest, of_both in shares)
    return Budget("share of the work that the busier of two workers has", share, MOST_SHARE)


def _is_worker(process_id: int) -> bool:
    return "server.worker" in Path(f"/proc/{process_id}/cmdline").read_text()


if __name__ == "__main__":
    client(sys.argv[1], int(sys.argv[2]))
