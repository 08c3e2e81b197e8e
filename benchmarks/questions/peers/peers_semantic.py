"""What a semantic hit costs beside peers, and how often it is somebody else's answer."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.findings import Finding, Table
from benchmarks.questions.peers.peers_exact import not_measured
from benchmarks.rig.load import Connection, chat_request
from benchmarks.rig.paraphrases import PROMPT, STORED, TOPICS
from benchmarks.rig.peers import langchain_callers as langchain
from benchmarks.rig.peers import servers
from benchmarks.rig.peers.install import PeerUnavailable
from benchmarks.rig.processes import cpu_seconds, resident_mb
from benchmarks.rig.servers import MODEL, Running, local_server
from servers.redis.process import redis_process
from servers.upstream.answers import chat, prompt_of
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Recorded, Script, answer

METHOD = (
    "Every server has the same weights and the same engine for its vectors, its own store and its "
    "default threshold (GPTCache: 0.8 of its score, which is a cosine of 0.6; ours has the guard "
    "besides). {topics} questions are asked, then each once more in other words, one at a time, "
    "in turns; the clock counts those that did not reach the upstream, CPU is the mean of all. "
    "Then {pairs} pairs of `benchmarks/pairs/llm_prompts.jsonl`, which are ours, labels and all: "
    "first one side and then the other of each, all in one cache. The upstream's answers name the "
    "prompt, so that an answer tells whose it is. GPTCache has no tenants, and its server looks at "
    "the last message alone. LiteLLM's semantic caches are not asked: they want an embeddings API "
    "over HTTP, and a Redis with search or a Qdrant server."
)
PAIRS = Path("benchmarks/pairs/llm_prompts.jsonl")


def _named(request: Recorded) -> Script:
    return answer(chat(json.dumps({"asked": prompt_of(request)})))


Said = Callable[[str], tuple[float, str]]
Started = tuple[int, Said]


@dataclass
class Side:
    """What is asked, with an upstream of its own; `said` gives seconds and the answer's text."""

    name: str
    process_id: int
    upstream: ScriptedUpstream
    said: Said

    def ask(self, prompt: str) -> tuple[float, str]:
        """Seconds, and the prompt that the upstream gave the answer to."""
        seconds, text = self.said(prompt)
        return seconds, json.loads(text)["asked"]


@dataclass
class Taken:
    """What hits in other words took."""

    hits_ms: list[float]
    cpu_ms: float
    resident_mb: float

    def row(self, name: str) -> list[str]:
        """Share served, p50, CPU, memory."""
        served = f"{len(self.hits_ms)} of {len(TOPICS)}"
        usual_ms = f"{median(self.hits_ms):.1f}" if self.hits_ms else "–"
        return [name, served, usual_ms, f"{self.cpu_ms:.1f}", f"{self.resident_mb:.0f}"]


@dataclass
class Judged:
    """Whose answers the second prompts of the pairs were given."""

    same: int = 0
    different: int = 0
    served_same: int = 0
    served_different: int = 0
    thirds: int = 0
    asked: int = 0

    def row(self, name: str) -> list[str]:
        """Right and wrong hits, and those of a third prompt."""
        right = f"{self.served_same} of {self.same}"
        wrong = f"{self.served_different} of {self.different}"
        return [name, right, wrong, f"{self.thirds} of {self.asked:,}"]


@contextmanager
def _ours(upstream: str) -> Iterator[Started]:
    with (
        redis_process() as redis_url,
        _asked(local_server(REDIS_URL=redis_url, UPSTREAM_BASE_URL=upstream)) as asked,
    ):
        yield asked


@contextmanager
def _asked(
    server: AbstractContextManager[Running],
) -> Iterator[Started]:
    with server as running:

        def said(prompt: str) -> tuple[float, str]:
            with Connection(running.url) as connection:  # uvicorn closes an idle one by itself
                reply = connection.ask(chat_request(running.url, prompt, MODEL))
            if reply.status != 200:  # noqa: PLR2004 - HTTP
                raise PeerUnavailable(f"status {reply.status}: {reply.body[:200]!r}")
            content: str = json.loads(reply.body)["choices"][0]["message"]["content"]
            return reply.last_seconds, content

        yield running.process_id, said


@contextmanager
def _langchain(upstream: str) -> Iterator[Started]:
    with (
        servers.redis_stack() as redis_url,
        langchain.langchain(langchain.SEMANTIC, redis_url, upstream) as caller,
    ):

        def said(prompt: str) -> tuple[float, str]:
            asked = caller.ask([prompt])
            return asked.seconds, asked.answers[0]

        yield caller.process.pid, said


SIDES: dict[str, Callable[[str], AbstractContextManager[Started]]] = {
    "ours, local server": _ours,
    "GPTCache's server, its default model": lambda upstream: _asked(
        servers.gptcache_by_default(upstream)
    ),
    "GPTCache's server, MiniLM": lambda upstream: _asked(servers.gptcache_with_minilm(upstream)),
    "LangChain's RedisSemanticCache, MiniLM (the program's process)": _langchain,
}


def measured() -> Finding:
    """The clock first, then the pairs."""
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        sides = _sides(stack, missing)
        taken = _timed(sides)
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    with ExitStack() as stack:
        found = {side.name: judged(side, pairs) for side in _sides(stack, missing)}
    return Finding(
        question="What does a semantic hit cost beside peers, and how often is it wrong?",
        method=METHOD.format(topics=len(TOPICS), pairs=len(pairs)),
        tables=[
            Table(
                "Questions in other words",
                ["", "served", "p50 on the clock, ms", "CPU a question, ms", "resident, MB"],
                [each.row(name) for name, each in taken.items()],
            ),
            Table(
                "Labelled pairs, at each server's default threshold",
                [
                    "",
                    "same meaning: its answer served",
                    "other meaning: its answer served (wrong)",
                    "prompts given a third prompt's answer",
                ],
                [each.row(name) for name, each in found.items()],
            ),
            *not_measured(missing),
        ],
    )


def _sides(stack: ExitStack, missing: dict[str, str]) -> list[Side]:
    sides = []
    for name, server in SIDES.items():
        if name in missing:
            continue
        upstream = stack.enter_context(ScriptedUpstream(_named).in_thread())
        try:
            process_id, said = stack.enter_context(server(upstream.base_url))
            side = Side(name, process_id, upstream, said)
            side.ask("Warm up: name a colour.")
        except PeerUnavailable as exc:
            missing[name] = str(exc)
        else:
            sides.append(side)
    return sides


def _timed(sides: Sequence[Side]) -> dict[str, Taken]:
    for topic in TOPICS:
        for side in sides:
            side.ask(STORED.format(topic))
    taken = {side.name: Taken([], 0.0, 0.0) for side in sides}
    for topic in TOPICS:
        for side in sides:
            before, reached = cpu_seconds(side.process_id), len(side.upstream.requests)
            seconds, _ = side.ask(PROMPT.format(topic))
            spent = cpu_seconds(side.process_id) - before
            taken[side.name].cpu_ms += spent * 1000 / len(TOPICS)
            if len(side.upstream.requests) == reached:
                taken[side.name].hits_ms.append(seconds * 1000)
    for side in sides:
        taken[side.name].resident_mb = resident_mb(side.process_id)
    return taken


def judged(side: Side, pairs: Sequence[Mapping[str, object]]) -> Judged:
    """Ask both prompts of each pair, and count whose answer came."""
    counted = Judged()
    for pair in pairs:
        first, second, same = str(pair["a"]), str(pair["b"]), pair["label"] == 1
        of_first, of_second = (side.ask(prompt)[1] for prompt in (first, second))
        counted.same += same
        counted.different += not same
        counted.served_same += same and of_second == first
        counted.served_different += not same and of_second == first
        counted.thirds += (of_first != first) + (of_second not in {first, second})
        counted.asked += 2
    return counted
