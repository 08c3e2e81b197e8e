"""Facts about what is tried for a request, and for how long its answer lives."""

import pytest

from llm_cache_proxy.domain.requests.controls import Controls, Mode, parse_controls
from llm_cache_proxy.domain.requests.policy import DAY_SECONDS, Policy, Traits, plan
from llm_cache_proxy.domain.requests.reasons import Reason

POLICY = Policy()


def traits(
    text: str | None = "What is Rust?",
    *,
    no_text: Reason | None = None,
    tools: bool = False,
    temperature: float | None = None,
    upstream_state: bool = False,
) -> Traits:
    return Traits(text, no_text, tools, temperature, upstream_state)


def test_a_plain_question_may_be_compared_semantically() -> None:
    this = plan(POLICY, Controls(), traits())

    assert (this.read, this.write, this.bypass, this.no_semantic) == (True, True, None, None)
    assert this.threshold == POLICY.threshold
    assert this.ttl_seconds == DAY_SECONDS


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (traits(None, no_text=Reason.NOT_USER_TEXT), Reason.NOT_USER_TEXT),
        (traits(None, no_text=Reason.NOT_TEXT_ONLY), Reason.NOT_TEXT_ONLY),
        (traits("  "), Reason.NOT_USER_TEXT),
        (traits(tools=True), Reason.TOOLS),
        (traits(temperature=1.1), Reason.TEMPERATURE),
        (traits("What is the weather in Paris today?"), Reason.TIME_SENSITIVE),
        (traits("Who is the current president of France?"), Reason.TIME_SENSITIVE),
        (traits("What's my balance?"), Reason.PERSONAL),
        (traits("I'm 34 and live alone, what should I cook?"), Reason.PERSONAL),
    ],
)
def test_the_semantic_tier_is_skipped_and_the_reason_is_reported(
    asked: Traits, reason: Reason
) -> None:
    this = plan(POLICY, Controls(), asked)

    assert this.no_semantic is reason
    assert this.read
    assert this.write


def test_a_mode_and_a_setting_switch_the_semantic_tier_off() -> None:
    by_mode = plan(POLICY, Controls(mode=Mode.EXACT), traits())
    by_setting = plan(Policy(semantic=False), Controls(), traits())
    allowed = plan(Policy(semantic_with_tools=True), Controls(), traits(tools=True))

    assert by_mode.no_semantic is Reason.EXACT_MODE
    assert by_setting.no_semantic is Reason.SEMANTIC_OFF
    assert allowed.no_semantic is None


def test_a_client_tightens_the_threshold_and_never_loosens_it() -> None:
    tighter = plan(POLICY, Controls(threshold=0.97), traits())
    looser = plan(POLICY, Controls(threshold=0.5), traits())

    assert tighter.threshold == 0.97
    assert looser.threshold == POLICY.threshold


@pytest.mark.parametrize(
    ("controls", "temperature", "seconds"),
    [
        (Controls(), None, DAY_SECONDS),
        (Controls(), 0.7, DAY_SECONDS),
        (Controls(), 0.8, 3_600),
        (Controls(ttl_seconds=60), 0.8, 60),
        (Controls(ttl_seconds=10**9), None, 30 * DAY_SECONDS),
    ],
)
def test_the_ttl_is_requested_or_follows_the_temperature(
    controls: Controls, temperature: float | None, seconds: int
) -> None:
    assert plan(POLICY, controls, traits(temperature=temperature)).ttl_seconds == seconds


def test_with_a_ttl_of_zero_nothing_is_stored() -> None:
    assert not plan(POLICY, Controls(ttl_seconds=0), traits()).write


def test_a_request_that_depends_on_upstream_state_bypasses_the_cache() -> None:
    state = plan(POLICY, Controls(), traits(upstream_state=True))
    off = plan(POLICY, Controls(mode=Mode.OFF, may_read=False, may_write=False), traits())

    assert (state.bypass, state.read, state.write) == (Reason.UPSTREAM_STATE, False, False)
    assert off.bypass is Reason.BYPASS_ASKED


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"x-cache-mode": "refresh"}, Reason.REFRESH),
        ({"x-cache-mode": "write-only"}, Reason.WRITE_ONLY),
        ({"cache-control": "no-cache"}, Reason.NO_CACHE),
    ],
)
def test_writing_without_reading_says_why(headers: dict[str, str], reason: Reason) -> None:
    this = plan(POLICY, parse_controls(headers), traits())

    assert (this.read, this.write, this.no_read) == (False, True, reason)
