"""The pipeline with a promise, and labels that a test lays down."""

import json
from asyncio import Event
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fakes.exact import MemoryExact
from fakes.upstream import completion
from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.client_keys.key_ring import UpstreamKey
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.entries.entry import Alias
from llm_cache_proxy.domain.promise import Cell, Promise, Tally, group_of
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.counters import PREFIX
from llm_cache_proxy.domain.promise.evidence import CHECK, CONTROL, owner_of, sums_of
from llm_cache_proxy.pipeline.checks.learned import LearningRules
from llm_cache_proxy.ports.exact_store.admin import CounterWindow
from llm_cache_proxy.ports.exact_store.store import Answered, Commit, Lookup, Match, Promoted
from unit.pipeline.harness import Harness

PROMPT = "What is Rust?"
PARAPHRASE = "Tell me what Rust is"
PARAPHRASE_CELL = Cell("", 3)  # at 0.94
OTHER = "What is Rust worth?"
READ_ONLY = {"x-cache-mode": "read-only"}
NEVER, ALWAYS = 1.0, 0.0
SURE = Tally(1_000, 1_000, 8)

UNWILLING: dict[str, dict[str, Any]] = {
    "only-if-cached": {"headers": {"cache-control": "only-if-cached"}},
    "short": {"key_id": "00000000000000aa"},
    "own-key": {"upstream_key": UpstreamKey("sk-own", "0a1b")},
}
"""Clients that want no call to the upstream, may have none, or pay for it themselves."""


async def prepared(harness: Harness, client: dict[str, Any]) -> None:
    """Have `client` meet entries: a key of its own finds none but those asked with it."""
    if "upstream_key" in client:
        await harness.ask(PROMPT, **client)
    if "key_id" in client:
        record = KeyRecord(name="ci", created_at=1, limits=Limits(tokens_per_day=0))
        assert await harness.exact.write_key("default", client["key_id"], record)


class HeldRead:
    """A read of the counters that ends when the test says so."""

    def __init__(self) -> None:
        self.begun = Event()
        self.released = Event()


class CountedReads(MemoryExact):
    """Counts who reads its counters, and what requests call.

    The next read gives what it found when `held` is released, if there is one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counter_reads = 0
        self.held: HeldRead | None = None
        self.called: list[str] = []

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        self.counter_reads += 1
        self.called.append("counters")
        held, self.held = self.held, None
        found = await super().counters(tenant)
        if held is not None:
            held.begun.set()
            await held.released.wait()
        return found

    async def lookup(self, query: Lookup) -> Answered:
        self.called.append("lookup")
        return await super().lookup(query)

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        self.called.append("promote")
        return await super().promote(tenant, alias, query, match)

    async def commit(self, commit: Commit) -> bool:
        self.called.append("commit")
        return await super().commit(commit)


@dataclass
class LearningHarness(Harness):
    exact: CountedReads = field(default_factory=CountedReads)


def learning(similarity: float = 0.94, **changes: Any) -> LearningHarness:
    harness = LearningHarness(learning=LearningRules(Promise(0.05)), **changes)
    harness.chance = NEVER
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, similarity)
    return harness


def group(harness: LearningHarness) -> int:
    """The group of the surroundings in which the first prompt was asked."""
    scope, _, _ = next(iter(harness.vectors.held.values()))
    return group_of(scope.fingerprint)


async def asked_elsewhere(harness: LearningHarness) -> tuple[dict[str, Any], int]:
    """Surroundings of another group in which `PROMPT` is asked now, and that group."""
    for seed in range(100):
        await harness.ask(PROMPT, seed=seed)
        scope, _, _ = list(harness.vectors.held.values())[-1]
        if group_of(scope.fingerprint) != group(harness):
            return {"seed": seed}, group_of(scope.fingerprint)
    raise AssertionError("all surroundings fall into one group")


def owner(harness: LearningHarness, cell: Cell) -> str:
    """Under which name labels of the cell are counted."""
    return owner_of(group(harness), cell)


async def teach(
    harness: LearningHarness,
    *,
    checks: Tally | None = None,
    lowest: int = 3,
    among: int | None = None,
    **tallies: Tally,
) -> None:
    """Labels of the cells with these rules (`accepted` for none), and of 2,000 controls.

    They are of the group `among`, or else of that in which `PROMPT` was asked.
    """
    counts = sums_of(CONTROL, Tally(0, 2_000, 20))
    for rule, tally in tallies.items():
        for band in range(lowest, BANDS):
            cell = Cell(rule.replace("accepted", ""), band)
            counts |= sums_of(owner_of(group(harness) if among is None else among, cell), tally)
    counts |= {} if checks is None else sums_of(CHECK, checks)
    named = {PREFIX + name: round(amount) for name, amount in counts.items()}
    await harness.exact.record("default", named)
    harness.exact.time += 61


async def trusting(harness: LearningHarness) -> None:
    """Let six candidates come in the surroundings of the first prompt, without a veto."""
    await teach(harness, lowest=BANDS - 1, accepted=Tally(6))
    await harness.ask("Something else entirely", headers=READ_ONLY)  # reads the counts


async def taught(**changes: Any) -> LearningHarness:
    """A harness in which the cell of `PARAPHRASE` is served."""
    harness = learning(**changes)
    await harness.ask(PROMPT)
    await teach(harness, accepted=SURE)
    await harness.ask(PARAPHRASE, headers=READ_ONLY)  # reads the labels
    return harness


def says(harness: LearningHarness, text: str) -> None:
    """Have the next call to the upstream answered by this text."""
    harness.upstream.queue([json.dumps(completion(text)).encode()])


def labels(harness: LearningHarness, cell: Cell) -> tuple[int, int, int]:
    """How many candidates of the cell were seen, labelled, and differing."""
    seen, labelled, differing = (
        harness.exact.count_of(f"{PREFIX}{owner(harness, cell)}/{part}") for part in ("s", "l", "d")
    )
    return seen, labelled, differing


async def explained(harness: LearningHarness) -> Any:
    """What a dry run of the paraphrase shows."""
    fields = Fields({"prompt": PARAPHRASE, "model": "m"})
    return await Explanation(harness.pipeline).explain(fields)
