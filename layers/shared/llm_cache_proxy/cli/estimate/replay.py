"""Replays a log against this cache's rules: what would have been a hit, and by which preset.

Decides nothing of its own: keys, plans, thresholds and the guard are those of the request path. An
entry lives as long as it would; where a log has no times, nothing expires.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from llm_cache_proxy.administration.dry_run.synthetic_request import synthetic_request
from llm_cache_proxy.cli.estimate.logs import LoggedRequest
from llm_cache_proxy.cli.evaluation.vectors import Embedded
from llm_cache_proxy.domain.dialects.registry import CHAT
from llm_cache_proxy.domain.errors import RequestRefused
from llm_cache_proxy.domain.evaluation import Decision
from llm_cache_proxy.domain.metrics.intervals import wilson_interval
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest, plan_request
from llm_cache_proxy.ports.upstream import Route

_UPSTREAM = "log"

Cost = Callable[[LoggedRequest], float | None]
"""Dollars that the request cost, None where that is unknown."""


@dataclass(slots=True)
class Estimate:
    """What one preset gives; `wrong` semantic hits of `judged` ones, whose answers both are known.

    `unpriced` hits saved an unknown amount.
    """

    preset: str
    threshold: float
    requests: int = 0
    exact_hits: int = 0
    semantic_hits: int = 0
    judged: int = 0
    wrong: int = 0
    tokens_saved: int = 0
    dollars_saved: float = 0.0
    dollars_total: float = 0.0
    unpriced: int = 0

    def as_json(self) -> dict[str, object]:
        """One preset of `llm-cache-proxy estimate --json`."""
        interval = wilson_interval(self.wrong, self.judged)
        return {
            "preset": self.preset,
            "threshold": self.threshold,
            "requests": self.requests,
            "exact_hits": self.exact_hits,
            "semantic_hits": self.semantic_hits,
            "hit_rate": (self.exact_hits + self.semantic_hits) / self.requests,
            "semantic_hits_judged": self.judged,
            "semantic_hits_wrong": self.wrong,
            "wrong_share_ci": None if interval is None else list(interval),
            "tokens_saved": self.tokens_saved,
            "dollars_saved": round(self.dollars_saved, 9),
            "dollars_total": round(self.dollars_total, 9),
            "hits_without_price": self.unpriced,
        }


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with its plan; `planned` is None where the proxy would refuse it."""

    logged: LoggedRequest
    planned: PlannedRequest | None

    @property
    def text(self) -> str | None:
        """What would be embedded."""
        planned = self.planned
        if planned is None or planned.plan.bypass or planned.plan.no_semantic:
            return None
        return planned.text or None


def prepared(log: Sequence[LoggedRequest], policy: Policy) -> list[Prepared]:
    """Each request as the proxy would see it."""
    return [Prepared(logged, _planned(logged, policy)) for logged in log]


def _planned(logged: LoggedRequest, policy: Policy) -> PlannedRequest | None:
    model = str(logged.fields["model"])
    try:
        request = synthetic_request("default", {}, logged.fields, CHAT)
        return plan_request(request, policy, [Route(_UPSTREAM, model)])
    except (RequestRefused, ValueError):
        return None


@dataclass(slots=True)
class _Entry:
    """An answer that is held: of which request, and until when."""

    at: int
    text: str
    expires_at: float | None


@dataclass(frozen=True, slots=True)
class Replay:
    """The log and the rules.

    `decision` has the guard; its threshold is each preset's. `agree` is the least similarity of
    two answers that say the same.
    """

    requests: Sequence[Prepared]
    embedded: Embedded
    decision: Decision
    candidates: int
    agree: float
    cost: Cost
    _spent: dict[int, float | None] = field(default_factory=dict)

    def at(self, preset: str, threshold: float, *, semantic: bool) -> Estimate:
        """What the log gives at a preset."""
        found = Estimate(preset, threshold)
        exact: dict[str, _Entry] = {}
        near: dict[str, list[_Entry]] = {}
        rules = replace(self.decision, threshold=threshold)
        for position, request in enumerate(self.requests):
            found.requests += 1
            found.dollars_total += self._cost(position) or 0.0
            planned = request.planned
            if planned is None or not planned.plan.read:
                continue
            now = request.logged.at
            held = _live(exact.get(planned.key), now)
            if held is not None and rules.refusal(planned.text, held.text) is None:
                found.exact_hits += 1
                self._save(found, position)
                continue
            entry = self._semantic(request, near, rules, now) if semantic else None
            if entry is not None:
                found.semantic_hits += 1
                self._save(found, position)
                self._judge(found, position, entry.at)
                exact[planned.key] = replace(entry, text=planned.text)  # a promotion
                continue
            if planned.plan.write:
                until = None if now is None else now + planned.plan.ttl_seconds
                made = _Entry(position, planned.text, until)
                exact[planned.key] = made
                if request.text is not None:
                    near.setdefault(planned.fingerprint(), []).append(made)
        return found

    def _semantic(
        self,
        request: Prepared,
        near: Mapping[str, list[_Entry]],
        rules: Decision,
        now: float | None,
    ) -> _Entry | None:
        """The nearest entry that may be served."""
        text, planned = request.text, request.planned
        if text is None or planned is None:
            return None
        held = [each for each in near.get(planned.fingerprint(), ()) if _live(each, now)]
        if not held:
            return None
        rows = [self.embedded.at[each.text] for each in held]
        similarities = self.embedded.vectors[rows] @ self.embedded.vectors[self.embedded.at[text]]
        for place in np.argsort(-similarities, kind="stable")[: self.candidates]:
            if similarities[place] < rules.threshold:
                return None
            other = held[int(place)]
            whole = self.embedded.is_whole(text, other.text)
            if rules.refusal(text, other.text, whole=whole) is None:
                return other
        return None

    def _save(self, found: Estimate, position: int) -> None:
        tokens = self.requests[position].logged.tokens
        found.tokens_saved += sum(tokens or (0, 0))
        dollars = self._cost(position)
        if dollars is None:
            found.unpriced += 1
        found.dollars_saved += dollars or 0.0

    def _judge(self, found: Estimate, position: int, served: int) -> None:
        """Compare the answer that was given with the one that would have been served."""
        mine, theirs = (self.requests[each].logged.answer for each in (position, served))
        if mine is None or theirs is None or not self.embedded.is_whole(mine, theirs):
            return
        found.judged += 1
        if mine != theirs and self.embedded.similarity(mine, theirs) < self.agree:
            found.wrong += 1

    def _cost(self, position: int) -> float | None:
        if position not in self._spent:
            self._spent[position] = self.cost(self.requests[position].logged)
        return self._spent[position]


def _live(entry: _Entry | None, now: float | None) -> _Entry | None:
    if entry is None or entry.expires_at is None or now is None or entry.expires_at > now:
        return entry
    return None
