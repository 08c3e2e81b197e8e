"""Which tiers one request may read and write, and for how long.

A client's headers can narrow what the operator allows, never widen it.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.controls import Controls, Mode
from llm_cache_proxy.domain.requests.eligibility import ineligible_text
from llm_cache_proxy.domain.requests.reasons import Reason

DAY_SECONDS = 86_400


@record()
class Policy:
    """The operator's rules. Similarities are cosines; TTLs are in seconds.

    `verified`: a verifier has to approve every pair. `stale_if_error_seconds` is how long past
    expiry an entry may be served when the upstream fails, `stale_while_revalidate_seconds` how
    long while one request refreshes it. `refresh_ahead` is the fraction of the TTL, at its end, in
    which one request refreshes an entry.
    """

    semantic: bool = True
    threshold: float = 0.90
    verified: bool = False
    max_temperature: float = 1.0
    semantic_with_tools: bool = False
    default_ttl_seconds: int = DAY_SECONDS
    creative_ttl_seconds: int = 3_600
    creative_temperature: float = 0.7
    max_ttl_seconds: int = 30 * DAY_SECONDS
    normalise: bool = True
    coalesce: bool = True
    stale_if_error_seconds: int = 0
    stale_while_revalidate_seconds: int = 0
    refresh_ahead: float = 0.0

    @property
    def stale_seconds(self) -> int:
        """How long an entry is kept past expiry."""
        return max(self.stale_if_error_seconds, self.stale_while_revalidate_seconds)


@record(slots=False)
class Plan:
    """What will be tried for one request.

    `bypass` says why nothing is read or written; `no_read` why no tier is read although the answer
    may be stored; `semantic_off` why the semantic tier is not used, whatever the `text` says;
    `coalesce` whether it shares an upstream call with identical requests. `ttl_seconds` 0: no
    store. An answer is kept for `kept_seconds` past expiry, and one found may be expired by
    `stale_seconds`, or by `stale_if_error_seconds` once the upstream has `failed`.
    """

    read: bool
    write: bool
    threshold: float
    ttl_seconds: int
    max_age_seconds: int | None
    only_if_cached: bool
    bypass: Reason | None = None
    no_read: Reason | None = None
    semantic_off: Reason | None = None
    text: str = ""
    verified: bool = False
    coalesce: bool = False
    kept_seconds: int = 0
    stale_seconds: int = 0
    stale_if_error_seconds: int = 0
    refresh_ahead: float = 0.0
    failed: bool = False

    @cached_property
    def no_semantic(self) -> Reason | None:
        """Why the semantic tier is not used.

        Reads the text, once: a long one takes as long as the rest of an exact hit.
        """
        return self.semantic_off or ineligible_text(self.text)

    def after_failure(self) -> "Plan":
        """The plan's reads after the upstream has failed."""
        stale_seconds = self.stale_if_error_seconds
        return replace(self, stale_seconds=stale_seconds, coalesce=False, failed=True)


@record()
class Traits:
    """What a dialect knows of a request that decides how far it may be cached.

    `text` is the last user text, None where the last message is not a user's or is not text only;
    `no_text` then says which.
    """

    text: str | None
    no_text: Reason | None
    offers_tools: bool
    temperature: float | None
    upstream_state: bool


def plan(policy: Policy, controls: Controls, traits: Traits) -> Plan:
    """The plan for a request with these controls and traits."""
    bypass = _bypass(controls, traits)
    reads = controls.may_read and bypass is None
    ttl_seconds = _ttl_seconds(policy, controls, traits)
    writes = controls.may_write and bypass is None and ttl_seconds > 0
    coalesces = policy.coalesce and reads and writes and not controls.only_if_cached
    return Plan(
        read=reads,
        write=writes,
        threshold=max(policy.threshold, controls.threshold or 0.0),
        ttl_seconds=ttl_seconds,
        max_age_seconds=controls.max_age_seconds,
        only_if_cached=controls.only_if_cached,
        bypass=bypass,
        no_read=None if reads else _NO_READ.get(controls.mode, Reason.NO_CACHE),
        semantic_off=_semantic_off(policy, controls, traits),
        text=traits.text or "",
        verified=policy.verified,
        coalesce=coalesces,
        kept_seconds=policy.stale_seconds,
        stale_seconds=_at_most(
            policy.stale_while_revalidate_seconds if coalesces else 0, controls.max_stale_seconds
        ),
        stale_if_error_seconds=_at_most(
            policy.stale_if_error_seconds if reads and not controls.only_if_cached else 0,
            controls.max_stale_seconds,
            controls.stale_if_error_seconds,
        ),
        refresh_ahead=policy.refresh_ahead if coalesces else 0.0,
    )


def _at_most(seconds: int, *limits: int | None) -> int:
    for limit in limits:
        if limit is not None and limit < seconds:
            seconds = limit
    return seconds


_NO_READ: Mapping[Mode, Reason] = {
    Mode.WRITE_ONLY: Reason.WRITE_ONLY,
    Mode.REFRESH: Reason.REFRESH,
}


def _bypass(controls: Controls, traits: Traits) -> Reason | None:
    if controls.mode is Mode.OFF or not (controls.may_read or controls.may_write):
        return Reason.BYPASS_ASKED
    return Reason.UPSTREAM_STATE if traits.upstream_state else None


def _ttl_seconds(policy: Policy, controls: Controls, traits: Traits) -> int:
    if controls.ttl_seconds is not None:
        return min(controls.ttl_seconds, policy.max_ttl_seconds)
    creative = (traits.temperature or 0.0) > policy.creative_temperature
    return policy.creative_ttl_seconds if creative else policy.default_ttl_seconds


def _semantic_off(policy: Policy, controls: Controls, traits: Traits) -> Reason | None:
    if not policy.semantic:
        return Reason.SEMANTIC_OFF
    if controls.mode is Mode.EXACT:
        return Reason.EXACT_MODE
    if traits.text is None:
        return traits.no_text
    if traits.offers_tools and not policy.semantic_with_tools:
        return Reason.TOOLS
    return Reason.TEMPERATURE if (traits.temperature or 0.0) > policy.max_temperature else None
