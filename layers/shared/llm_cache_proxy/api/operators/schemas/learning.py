"""What is answered about learned thresholds."""

from llm_cache_proxy.api.v1.schemas import Answer


class JudgeErrors(Answer):
    """How often the judge of two answers errs, and the controls that say so."""

    false_alarms: float
    controls: int
    differing_controls: int
    assumed_missed: float


class Expected(Answer):
    """What is expected of the hits that are served.

    `interval` is the 95 % interval of the estimate, good for one look; `bound` holds at every look.
    `least_chance` is the score from which on candidates that the guard accepts are served. `trusts`
    says that labels do not prove all of it yet; `bound` may then lie above the promise.
    """

    serves: bool
    estimate: float
    interval: list[float] | None
    bound: float
    least_chance: float | None
    trusts: bool


class Learned(Expected):
    """The promised share of wrong hits, what is expected under it, and what that rests on.

    `fixed_hits` is what the operator's threshold and the guard would have served in place of
    `hits`; `hit_rate_gained` is the difference by all lookups. `dollars_spent` went into checks and
    controls. `changes` counts how often what was learned had to be forgotten.
    """

    promise: float
    hits: int
    fixed_hits: int
    hit_rate_gained: float | None
    check_rate: float
    dollars_spent: float
    changes: int
    labels: dict[str, int]
    judge: JudgeErrors


class LearnedPart(Learned):
    """The same of one request's surroundings: a `group` by itself, or all others (null)."""

    group: int | None


class Counted(Answer):
    """How many candidates were seen, how many labelled, and how many of those differed."""

    seen: int
    labelled: int
    differing: int


class SeenCell(Counted):
    """What is known of candidates like one of them.

    `band` is between which chances of being right, by the score of the two texts. `group` is that
    of the request's surroundings, where it has labels enough of its own. What is `trusted` is
    served though labels do not prove it yet.
    """

    group: int | None
    band: str
    served: bool
    trusted: bool


class CandidateCell(SeenCell):
    """What is known of one kind of candidate; `rule` is null where the guard accepts."""

    rule: str | None
    differing_share: float | None
    wrong_interval: list[float] | None


class TurnedAway(Counted):
    """What is not served, by rule; `rule` is null where labels do not suffice."""

    rule: str | None
    wrong_interval: list[float] | None


class Part(Expected):
    """Candidates that are proven together: one group's, or those of all others (null)."""

    group: int | None
    seen: int
    labelled: int


class Overall(Answer):
    """What checks of served hits say over all tenants that have any.

    `estimate` is the wrong share of the hits that were checked, against the controls of the same
    tenants; null with its 95 % interval where there are no checks or no controls.
    """

    tenants: int
    checks: int
    differing_checks: int
    controls: int
    estimate: float | None
    interval: list[float] | None


class LearningAnswer(Learned):
    """What was learned of a tenant's semantic hits; `overall` is of all tenants.

    `from_memory` says that the store does not answer: the figures are what the process that answers
    read last, all noughts where it has read nothing yet, and `overall` is null.
    """

    tenant: str
    from_memory: bool
    overall: Overall | None
    parts: list[Part]
    turned_away: list[TurnedAway]
    cells: list[CandidateCell]
