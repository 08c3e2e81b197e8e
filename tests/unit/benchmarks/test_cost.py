import re

import pytest
from benchmarks.cost.fixed import idle, total
from benchmarks.cost.model import (
    CHART,
    MODELS,
    PAGE,
    Workload,
    break_even,
    costs,
    drawing,
    page,
    upstream_dollars,
)

from samples.stack.template import Stack

USUAL = Workload()


def test_the_page_and_its_chart_are_what_the_model_says() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert page(text) == text, "run `make cost WRITE=1`"
    assert drawing() == CHART.read_text(encoding="utf-8")


def test_the_upstream_is_paid_for_misses_alone() -> None:
    whole = upstream_dollars(USUAL, "gpt-4o")

    assert whole == pytest.approx(500 * 2.5 + 250 * 10)  # dollars a million tokens
    assert costs(USUAL, "gpt-4o", 0.25).upstream == pytest.approx(0.75 * whole)
    assert costs(USUAL, "gpt-4o", 1.0).upstream == 0


def test_an_exact_hit_is_one_command_and_a_miss_two() -> None:
    exact = Workload(exact_share=1.0)

    assert costs(exact, "gpt-4o", 1.0).upstash == pytest.approx(2.0)
    assert costs(exact, "gpt-4o", 0.0).upstash == pytest.approx(4.0)


def test_waiting_for_the_upstream_is_paid_by_memory() -> None:
    short = costs(USUAL, "gpt-4o", 0.0).aws
    long = costs(Workload(upstream_seconds=3.0), "gpt-4o", 0.0).aws

    assert long - short == pytest.approx(1_000_000 * 0.0000133334)


@pytest.mark.parametrize("model", MODELS)
def test_at_the_break_even_nothing_is_saved_or_lost(model: str) -> None:
    even = break_even(USUAL, model)

    assert even is not None
    assert costs(USUAL, model, even).total == pytest.approx(upstream_dollars(USUAL, model))


def test_a_model_that_costs_less_than_the_proxy_never_pays() -> None:
    tiny = Workload(prompt_tokens=1, completion_tokens=1)

    assert break_even(tiny, "llama-3.1-8b-instant") is None


def test_a_model_without_a_price_is_refused() -> None:
    with pytest.raises(ValueError, match="no price"):
        upstream_dollars(USUAL, "unheard-of")


def test_the_chart_has_a_line_a_model() -> None:
    assert len(re.findall("<polyline ", drawing())) == len(MODELS)


def test_an_idle_stack_pays_for_alarms_and_the_firewall_alone() -> None:
    assert {fixed.name for fixed in idle()} == {"Alarms", "Firewall (WAF)"}


def test_everything_that_is_paid_by_the_month_can_be_left_out() -> None:
    assert total({"AlarmAddress": "none", "RequestsPerAddress": "0"}) == 0


def test_an_alarm_is_paid_for_each_metric_that_it_watches() -> None:
    gradual = total({"Rollout": "Canary10Percent5Minutes"})

    assert gradual - total() == pytest.approx(0.20)


def test_no_method_of_the_api_has_metrics_of_its_own_to_pay_for() -> None:
    settings = Stack().resources["Api"]["Properties"]["MethodSettings"]

    assert not any(one["MetricsEnabled"] for one in settings)
