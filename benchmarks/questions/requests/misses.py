"""What a miss adds to the upstream's own time, plain and streamed."""

import time
from statistics import median

from benchmarks.findings import Budget, Finding, Table
from benchmarks.rig.load import Connection, chat_request, rounds
from benchmarks.rig.processes import cpu_seconds
from benchmarks.rig.servers import MODEL, local_server
from servers.proxy.process import EXACT_ONLY
from servers.redis.process import redis_process
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Pause, Recorded, Script, answer, sse, stream

METHOD = (
    "The local server with Redis, Qdrant Edge and MiniLM in process, an upstream on this machine "
    "that takes {upstream_ms:.0f} ms; {asked} prompts of their own each, in turns with the same "
    "request straight to the upstream. Every miss is looked up, embedded, compared, asked, "
    "and stored in both tiers, a plain one behind its answer: the CPU is that of both."
)
UPSTREAM_SECONDS = 0.02
_STORED_SECONDS = 0.02
"""In which an answer that was sent is stored as well."""
_PROMPT = "Tell me fact number {number} about the history of the city of {city}, in brief."
_CITIES = ("Lisbon", "Oslo", "Quito", "Kyoto", "Accra", "Riga", "Hobart", "Cusco")


def _script(request: Recorded) -> Script:
    """An answer that carries the time at which it left."""
    if request.fields.get("stream") is True:
        text = f"{time.perf_counter_ns()} and more words"
        events = chat_chunks(text, with_usage=True)
        parts = [*(sse([event], done=False) for event in events), sse([])]
        return stream(parts, pause_seconds=0.002)
    return [Pause(UPSTREAM_SECONDS), *answer(chat("A fact."))]


def measured(*, asked: int = 150) -> Finding:
    """Both ways in turns."""
    added: list[float] = []
    behind: list[float] = []
    straight: list[float] = []
    cpu = 0.0
    with (
        redis_process() as redis_url,
        ScriptedUpstream(_script).in_thread() as upstream,
        local_server(REDIS_URL=redis_url, UPSTREAM_BASE_URL=upstream.base_url) as proxy,
        Connection(proxy.url) as ours,
        Connection(upstream.base_url) as theirs,
    ):
        for number in range(asked + 10):
            prompt = _PROMPT.format(number=number, city=_CITIES[number % len(_CITIES)])
            direct = theirs.ask(chat_request(upstream.base_url, prompt, MODEL))
            before = cpu_seconds(proxy.process_id)
            missed = ours.ask(chat_request(proxy.url, prompt, MODEL))
            time.sleep(_STORED_SECONDS)
            spent = cpu_seconds(proxy.process_id) - before
            streamed = ours.ask(chat_request(proxy.url, f"Streamed: {prompt}", MODEL, stream=True))
            if {missed.headers["x-cache"], streamed.headers["x-cache"]} != {"MISS"}:
                raise RuntimeError("a request that should have been a miss was none")
            if number < 10:  # noqa: PLR2004 - while everything warms up
                continue
            cpu += spent
            straight.append(direct.last_seconds * 1000)
            added.append((missed.last_seconds - direct.last_seconds) * 1000)
            behind.append(_behind_ms(streamed.body, streamed.first_at))
    return Finding(
        question="What does a miss add?",
        method=METHOD.format(upstream_ms=UPSTREAM_SECONDS * 1000, asked=asked),
        tables=[
            Table(
                "Milliseconds on the clock",
                ["", "p50", "p95"],
                [
                    ["the upstream alone", *_percentiles(straight)],
                    ["added by a plain miss", *_percentiles(added)],
                    ["first byte of a streamed miss after the upstream's", *_percentiles(behind)],
                    [
                        "CPU of a plain miss, MiniLM included (mean)",
                        f"{cpu * 1000 / asked:.1f}",
                        "",
                    ],
                ],
            )
        ],
        budgets=[
            Budget("a miss, added to the upstream's time: p50", median(added), 6, "ms"),
            Budget(
                "first byte of a streamed miss after the upstream's: p50", median(behind), 0.8, "ms"
            ),
        ],
        figures={"added_ms": median(added), "cpu_ms": cpu * 1000 / asked},
    )


def against_a_hit(*, turns: int = 5, hits: int = 500, misses: int = 150) -> Budget:
    """CPU of a plain miss without the semantic tier, its write included, over an exact hit's."""
    ratios: list[float] = []
    with (
        redis_process() as redis_url,
        ScriptedUpstream().in_thread() as upstream,
        local_server(
            **EXACT_ONLY, REDIS_URL=redis_url, UPSTREAM_BASE_URL=upstream.base_url
        ) as proxy,
    ):
        for turn in range(turns + 1):
            with Connection(proxy.url) as connection:
                before = cpu_seconds(proxy.process_id)
                rounds([connection], chat_request(proxy.url, "Always the same.", MODEL), hits)
                between = cpu_seconds(proxy.process_id)
                for number in range(misses):
                    connection.ask(chat_request(proxy.url, f"What is {turn}.{number}?", MODEL))
                time.sleep(_STORED_SECONDS)
                missed = cpu_seconds(proxy.process_id) - between
            ratios.append(missed / misses / ((between - before) / hits))
    # The first turn warms up. 2.4 to 2.6 as a rule, 3.1 on a machine with ten times its work.
    return Budget("a miss without MiniLM: CPU, of an exact hit's", median(ratios[1:]), 4, "×")


def _behind_ms(body: bytes, first_at: float) -> float:
    """From the upstream's first word, which names its time, to the first byte that came here."""
    said = body.partition(b'"content":')[2]
    while not (digits := said.lstrip(b' "').split(b" ")[0].split(b'"')[0]).isdigit():
        said = said.partition(b'"content":')[2]
        if not said:
            raise RuntimeError(f"no time in {body[:300]!r}")
    return first_at * 1000 - int(digits) / 1e6


def _percentiles(values: list[float]) -> list[str]:
    ordered = sorted(values)
    return [f"{median(ordered):.1f}", f"{ordered[int(len(ordered) * 0.95)]:.1f}"]
