"""One run: requests arrive at random, and each goes the way that it would go in the stack."""

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from benchmarks.scale.shape import Durations, Limits, Load

Steps = Generator[simpy.Event, Any, None]
_SIGMA = 0.6  # of the upstream's lognormal durations


@dataclass
class Outcome:
    """What became of the requests."""

    asked: int = 0
    throttled: int = 0  # by API Gateway
    crowded: int = 0  # refused by Lambda for want of concurrency
    without_exact: int = 0  # the exact tier took too long
    without_semantic: int = 0  # so did the embedder or Qdrant
    cold: int = 0
    upstream: int = 0
    most_instances: int = 0
    busy_seconds: float = 0.0
    hits: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    @property
    def refused(self) -> float:
        """The share of requests that got 429."""
        return (self.throttled + self.crowded) / max(self.asked, 1)

    @property
    def degraded(self) -> float:
        """The share of those that were answered without a tier that should have been asked."""
        return (self.without_exact + self.without_semantic) / max(len(self.answered), 1)


class Bucket:
    """So many a second, so many at once; time is the simulation's."""

    def __init__(self, env: simpy.Environment, per_second: float, at_once: float) -> None:
        self._env = env
        self._per_second = per_second
        self._most = self._held = at_once
        self._at = env.now

    def take(self) -> bool:
        """Whether there was one to take."""
        now = self._env.now
        self._held = min(self._most, self._held + (now - self._at) * self._per_second)
        self._at = now
        if self._held < 1:
            return False
        self._held -= 1
        return True


class Line:
    """A server that takes so many calls a second, one after the other."""

    def __init__(self, env: simpy.Environment, per_second: float) -> None:
        self._env = env
        self._seconds = 1 / per_second
        self._free_at = 0.0

    def wait(self, longest: float) -> float | None:
        """How long a call waits for its turn; None, and no turn, where that is too long."""
        start = max(self._env.now, self._free_at)
        waiting = start - self._env.now
        if waiting > longest:
            return None
        self._free_at = start + self._seconds
        return waiting


class Instances:
    """A function's instances: warm ones first, new ones while Lambda allows it."""

    def __init__(self, env: simpy.Environment, most: int, durations: Durations) -> None:
        self._most = most
        self._starts = Bucket(
            env, durations.new_instances_per_second, durations.new_instances_at_once
        )
        self.idle = self.made = 0

    def take(self) -> str | None:
        """warm, cold, or None where there is none to be had."""
        if self.idle:
            self.idle -= 1
            return "warm"
        if self.made < self._most and self._starts.take():
            self.made += 1
            return "cold"
        return None


class Run:
    """The stack, and the requests on their way through it."""

    def __init__(self, limits: Limits, load: Load, durations: Durations) -> None:
        self.env = simpy.Environment()
        self.outcome = Outcome()
        self._load, self._durations = load, durations
        self._chance = random.Random(load.seed)  # noqa: S311 - a simulation's
        self._gateway = Bucket(self.env, limits.gateway_per_second, limits.gateway_per_second)
        self._completions = Instances(self.env, limits.concurrency, durations)
        self._embedding = Instances(self.env, limits.embedding_concurrency, durations)
        self._redis = Line(self.env, limits.exact_per_second)
        self._qdrant = simpy.Resource(self.env, limits.qdrant_searches_at_once)

    def finished(self) -> Outcome:
        """Run it to its end."""
        self.env.process(self._arrivals())
        self.env.run()
        self.outcome.most_instances = self._completions.made
        return self.outcome

    def _arrivals(self) -> Steps:
        while self.env.now < self._load.seconds:
            yield self.env.timeout(self._chance.expovariate(self._load.per_second))
            self.outcome.asked += 1
            if self._gateway.take():
                self.env.process(self._request())
            else:
                self.outcome.throttled += 1

    def _request(self) -> Steps:
        outcome, begun = self.outcome, self.env.now
        instance = self._completions.take()
        if instance is None:
            outcome.crowded += 1
            return
        if instance == "cold":
            outcome.cold += 1
            yield self.env.timeout(self._durations.cold_start + self._durations.sandbox)
        wanted = self._wanted()
        found = yield from self._found(wanted)
        if not found:
            outcome.upstream += 1
            yield self.env.timeout(self._upstream_seconds())
            yield from self._redis_call()
        outcome.answered.append(self.env.now - begun)
        if found:
            outcome.hits.append(self.env.now - begun)
        outcome.busy_seconds += self.env.now - begun
        self._completions.idle += 1

    def _wanted(self) -> str:
        drawn = self._chance.random()
        if drawn >= self._load.hit_rate:
            return "miss"
        return "exact" if drawn < self._load.hit_rate * self._load.exact_share else "semantic"

    def _found(self, wanted: str) -> Generator[simpy.Event, Any, bool]:
        yield self.env.timeout(self._durations.cpu_of_a_hit)
        if not (yield from self._redis_call()):
            self.outcome.without_exact += 1
            return False  # counts as a miss; the semantic tier needs the exact one's entries
        if wanted == "exact":
            return True
        if not ((yield from self._embedded()) and (yield from self._searched())):
            self.outcome.without_semantic += 1
            return False
        if wanted == "semantic":
            yield from self._redis_call()
        return wanted == "semantic"

    def _redis_call(self) -> Generator[simpy.Event, Any, bool]:
        waiting = self._redis.wait(self._durations.redis_deadline)
        longest = self._durations.redis_deadline
        yield self.env.timeout(longest if waiting is None else waiting + self._durations.redis_call)
        return waiting is not None

    def _embedded(self) -> Generator[simpy.Event, Any, bool]:
        instance = self._embedding.take()
        if instance is None:
            return False
        if instance == "cold":
            self.env.process(self._warmed())
            yield self.env.timeout(self._durations.embed_deadline)
            return False
        yield self.env.timeout(self._durations.embedding)
        self._embedding.idle += 1
        return True

    def _warmed(self) -> Steps:
        """The model is loaded by then, whoever has given up waiting for it."""
        yield self.env.timeout(self._durations.embed_deadline)
        self._embedding.idle += 1

    def _searched(self) -> Generator[simpy.Event, Any, bool]:
        with self._qdrant.request() as turn:
            longest = self.env.timeout(self._durations.search_deadline)
            yield turn | longest
            if not turn.triggered:
                return False
            yield self.env.timeout(self._durations.search)
        return True

    def _upstream_seconds(self) -> float:
        mean = self._durations.upstream
        return mean * self._chance.lognormvariate(-(_SIGMA**2) / 2, _SIGMA)


def simulated(limits: Limits, load: Load, durations: Durations | None = None) -> Outcome:
    """What becomes of that load."""
    return Run(limits, load, durations or Durations()).finished()
