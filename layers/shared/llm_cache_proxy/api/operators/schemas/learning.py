"""What is answered about learned thresholds."""

from llm_cache_proxy.api.v1.schemas import Answer


class JudgeErrors(Answer):
    """How often the judge of two answers errs, and the controls that say so."""

    false_alarms: float
    controls: int
    differing_controls: int
    assumed_missed: float


class Learned(Answer):
    """The promised share of wrong hits, what is expected under it, and what that rests on."""

    promise: float
    serves: bool
    estimate: float
    bound: float
    threshold: float | None
    hits_gained: int
    explore_rate: float
    labels: dict[str, int]
    judge: JudgeErrors


class SeenCell(Answer):
    """What is known of candidates like one of them."""

    band: str
    served: bool
    seen: int
    labelled: int
    differing: int


class CandidateCell(SeenCell):
    """What is known of one kind of candidate; `rule` is null where the guard accepts."""

    rule: str | None
    differing_share: float | None
    wrong_interval: list[float] | None


class LearningAnswer(Learned):
    """What was learned of a tenant's semantic hits."""

    tenant: str
    cells: list[CandidateCell]
