"""What spans cost an exact hit: our local server with a collector and without, in turns."""

from contextlib import ExitStack
from statistics import median

from benchmarks.findings import Budget, Finding, Table
from benchmarks.questions.requests.exact_hit import Side, warmed
from benchmarks.rig.servers import local_server
from servers.otlp import Collector
from servers.redis.process import redis_process
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream

METHOD = (
    "One `redis-server`, two local servers of one worker each, of which one sends its spans and "
    "metrics to a collector in the measuring process; 8 kept-alive connections, in turns of "
    "{hits:,} hits, {turns} turns, medians. An exact hit is two spans. CPU is that of the serving "
    "process, its exporting threads with it."
)


def measured(*, hits: int = 4_000, turns: int = 7) -> Finding:
    """Ask both in turns."""
    collector = Collector()
    listening = ThreadServer(collector.app)
    with ExitStack() as stack:
        listening.start()
        stack.callback(listening.stop)
        redis_url = stack.enter_context(redis_process())
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        settings = {"REDIS_URL": redis_url, "UPSTREAM_BASE_URL": upstream.base_url}
        traced = {**settings, "OTEL_EXPORTER_OTLP_ENDPOINT": listening.url}
        sides = [
            Side(name, stack.enter_context(local_server(**given)), hits)
            for name, given in (("off", settings), ("to a collector", traced))
        ]
        for side in sides:
            warmed(side)
        for turn in range(turns):
            for side in sides if turn % 2 else reversed(sides):
                side.turn()
    received = len(collector.spans)
    if not received:
        raise RuntimeError("the collector got nothing: what was measured is no tracing")
    return _finding(sides[0], sides[1], received, METHOD.format(hits=hits, turns=turns))


def _finding(off: Side, on: Side, received: int, method: str) -> Finding:
    ratio = median(a / b for a, b in zip(on.cpu_ms, off.cpu_ms, strict=True))
    return Finding(
        question="What do spans cost?",
        method=f"{method} The collector received {received:,} spans.",
        tables=[
            Table(
                "Exact hit, traced and not",
                ["spans", "CPU a hit, ms", "hits a second", "resident, MB"],
                [off.row(), on.row()],
            )
        ],
        budgets=[Budget("exact hit, spans to a collector: CPU, of that without", ratio, 2, "×")],
        figures={"ratio": ratio, "added_ms": median(on.cpu_ms) - median(off.cpu_ms)},
    )
