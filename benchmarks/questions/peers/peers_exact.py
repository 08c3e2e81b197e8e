"""What an exact hit costs at servers that users would pick, and what else they serve for it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any

from benchmarks.findings import Finding, Table
from benchmarks.questions.requests.exact_hit import PROMPT, Side, warmed
from benchmarks.rig.load import Connection
from benchmarks.rig.peers import servers
from benchmarks.rig.peers.install import PeerUnavailable
from benchmarks.rig.servers import MODEL, Running, local_server
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

METHOD = (
    "One worker each, 8 kept-alive connections that always ask the same question, in turns of "
    "{ours:,} hits (peers: {theirs:,}), {turns} turns, medians; CPU of the serving process, from "
    "`/proc`. What is no hit is counted at the upstream: on a busy machine, ours leaves a Redis "
    "alone that takes longer than its deadline. For each hit ours checks keys and limits, counts "
    "it in Redis, and judges by what is stored; LiteLLM's proxy answers from its own memory, and "
    "asks Redis for what is not there, without database and keys. GPTCache's server has no exact "
    "tier: a repeated question is embedded and searched like every other, here by the weights "
    "and the engine that make our vectors; its store is SQLite and faiss in process, it has no "
    "keys, no limits and no lifetimes, and answers one request at a time. Portkey's gateway is "
    "asked as its npm package is built, which may have its cache switched off: the requests at "
    "the upstream show it. The second table asks the same, warm server the same question with "
    "one thing changed, and looks whether its upstream was called."
)
_PROBES = 3
CHANGED: dict[str, dict[str, Any]] = {
    "another system prompt": {
        "messages": [
            {"role": "system", "content": "You answer in French only."},
            {"role": "user", "content": PROMPT},
        ]
    },
    "another model": {"model": f"{MODEL}-large"},
    "`max_tokens: 5`": {"max_tokens": 5},
}


@dataclass
class PeerServer:
    """A server, and the upstream behind it."""

    side: Side
    upstream: ScriptedUpstream
    missed: int = 0

    def prove(self) -> None:
        """Raise PeerUnavailable where what it has been asked before is never a hit."""
        before = len(self.upstream.requests)
        with Connection(self.side.running.url) as connection:
            for _ in range(_PROBES):
                connection.ask(self.side.request())
        if len(self.upstream.requests) - before == _PROBES:
            said = f"{_PROBES} of {_PROBES} repeated requests went to the upstream"
            raise PeerUnavailable(f"as published it does not cache here: {said}")

    def turn(self) -> None:
        """One turn, and how many of its requests were none."""
        before = len(self.upstream.requests)
        self.side.turn()
        self.missed += len(self.upstream.requests) - before

    def row(self) -> list[str]:
        """The side's, and what went to the upstream."""
        asked = self.side.hits * len(self.side.cpu_ms)
        return [*self.side.row(), f"{self.missed:,} of {asked:,}"]

    def served(self, fields: Mapping[str, Any]) -> str:
        """What becomes of a request like the warm one, with these fields."""
        before = len(self.upstream.requests)
        with Connection(self.side.running.url) as connection:
            reply = connection.ask(self.side.request(**fields))
        if len(self.upstream.requests) > before:
            return "asks the upstream"
        return "**the stored answer**" if reply.status == 200 else f"refused, {reply.status}"  # noqa: PLR2004 - HTTP


Server = Callable[[str, str], AbstractContextManager[Running]]
SIDES: dict[str, Server] = {
    "ours, local server": lambda redis_url, upstream: local_server(
        REDIS_URL=redis_url, UPSTREAM_BASE_URL=upstream
    ),
    "LiteLLM proxy": servers.litellm,
    "Portkey's gateway, simple cache": lambda _, __: servers.portkey(),
    "GPTCache's server, its default model": lambda _, upstream: servers.gptcache_by_default(
        upstream
    ),
    "GPTCache's server, MiniLM": lambda _, upstream: servers.gptcache_with_minilm(upstream),
}


def measured(*, ours: int = 1_000, theirs: int = 100, turns: int = 5) -> Finding:
    """Ask every side in turns."""
    missing: dict[str, str] = {}
    asked: list[PeerServer] = []
    with ExitStack() as stack:
        redis_url = stack.enter_context(redis_process())
        for name, server in SIDES.items():
            try:
                asked.append(_warm(stack, name, server, redis_url, theirs if asked else ours))
            except PeerUnavailable as exc:
                missing[name] = str(exc)
        for _ in range(turns):
            for each in asked:
                each.turn()
        changed = [[each.side.name, *map(each.served, CHANGED.values())] for each in asked]
    method = METHOD.format(ours=ours, theirs=theirs, turns=turns)
    return _finding(asked, changed, missing, method)


def _warm(stack: ExitStack, name: str, server: Server, redis_url: str, hits: int) -> PeerServer:
    upstream = stack.enter_context(ScriptedUpstream().in_thread())
    running = stack.enter_context(server(redis_url, upstream.base_url))
    headers = servers.portkey_headers(upstream.base_url) if name.startswith("Portkey") else {}
    asked = PeerServer(Side(name, running, hits, headers), upstream)
    try:
        warmed(asked.side)
    except RuntimeError as exc:
        raise PeerUnavailable(f"does not answer: {exc}") from exc
    asked.prove()
    return asked


def _finding(
    asked: list[PeerServer], changed: list[list[str]], missing: Mapping[str, str], method: str
) -> Finding:
    return Finding(
        question="What does an exact hit cost at servers that users would pick?",
        method=method,
        tables=[
            Table(
                "Exact hit, one worker each",
                ["", "CPU a hit, ms", "hits a second", "resident, MB", "no hit"],
                [each.row() for each in asked],
            ),
            Table("The same question with one thing changed", ["", *CHANGED], changed),
            *not_measured(missing),
        ],
    )


def not_measured(missing: Mapping[str, str]) -> list[Table]:
    """A table of those that took no part, if there are any."""
    rows = [[name, reason] for name, reason in missing.items()]
    return [Table("Not measured", ["", "why, as it was found in this run"], rows)] if rows else []
