"""What is simulated: the stack's limits, the durations of its steps, the requests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What the stack is allowed; docs/scale.md says where each is from."""

    name: str
    gateway_per_second: float  # ThrottleRate, and as many at once
    concurrency: int  # instances of completions, Lambda's or reserved
    embedding_concurrency: int
    exact_per_second: float  # commands that Redis or Upstash takes
    qdrant_searches_at_once: int


DEFAULTS = Limits("as deployed", 50, 1_000, 200, 10_000, 4)
RAISED = Limits("ThrottleRate raised", 5_000, 1_000, 200, 10_000, 4)
PREPARED = Limits("prepared", 10_000, 15_000, 2_000, 50_000, 64)


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds of each step. The first three are measured (docs/benchmarks.md), others assumed."""

    cpu_of_a_hit: float = 0.0012
    cold_start: float = 0.46  # of processor time; Lambda's own part is the next
    embedding: float = 0.030
    sandbox: float = 0.25
    redis_call: float = 0.003
    search: float = 0.006
    upstream: float = 2.0  # a mean; one in ten takes more than twice as long
    new_instances_per_second: float = 100.0  # 1,000 in ten seconds, after a first 1,000 at once
    new_instances_at_once: float = 1_000.0
    redis_deadline: float = 0.5
    embed_deadline: float = 1.5
    search_deadline: float = 0.5


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second, the share of them that hit, and for how long."""

    per_second: float
    hit_rate: float
    seconds: float = 20.0
    exact_share: float = 0.7  # of the hits
    seed: int = 1
