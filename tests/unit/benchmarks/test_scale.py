"""The simulation of a loaded stack, by what must hold of any."""

import pytest
import simpy
from benchmarks.cost.model import Workload
from benchmarks.scale.__main__ import (
    HIT_RATES,
    PAGE,
    RATES,
    STACKS,
    at,
    load,
    page,
    row,
    rows,
    with_bill,
)
from benchmarks.scale.bill import dollars_an_hour
from benchmarks.scale.shape import DEFAULTS, RAISED, Durations, Limits, Load
from benchmarks.scale.simulation import Bucket, Instances, Line, Outcome, simulated

AMPLE = Limits("ample", 1_000_000, 100_000, 100_000, 1_000_000, 1_000)


def test_the_same_seed_is_the_same_run() -> None:
    one, other = (simulated(RAISED, Load(20, 0.5, seconds=5)) for _ in range(2))

    assert one == other


def test_nothing_is_refused_where_everything_is_ample() -> None:
    outcome = simulated(AMPLE, Load(100, 0.6, seconds=10))

    assert outcome.refused == 0
    assert outcome.asked == len(outcome.answered)
    assert outcome.without_exact == 0


@pytest.mark.parametrize("hit_rate", [0.0, 0.5, 1.0])
def test_hits_are_what_was_asked_for(hit_rate: float) -> None:
    warm = Durations(embed_deadline=0.0)
    outcome = simulated(AMPLE, Load(200, hit_rate, seconds=10, exact_share=1.0), warm)

    assert len(outcome.hits) / len(outcome.answered) == pytest.approx(hit_rate, abs=0.03)
    assert outcome.upstream == len(outcome.answered) - len(outcome.hits)


def test_busy_instances_are_requests_a_second_times_seconds_each() -> None:
    """Little's law, which holds whatever the durations are."""
    outcome = simulated(AMPLE, Load(50, 0.0, seconds=60))

    mean_seconds = outcome.busy_seconds / len(outcome.answered)
    mean_busy = outcome.busy_seconds / 60
    assert mean_busy == pytest.approx(50 * mean_seconds, rel=0.05)
    assert outcome.most_instances >= mean_busy


def test_what_is_over_the_throttle_is_refused() -> None:
    outcome = simulated(DEFAULTS, Load(200, 0.9, seconds=30))

    assert outcome.throttled / outcome.asked == pytest.approx(1 - 50 / 200, abs=0.03)


def test_what_is_over_the_concurrency_is_refused_and_never_waits() -> None:
    few = Limits("few", 1_000_000, 10, 100, 1_000_000, 100)
    outcome = simulated(few, Load(50, 0.0, seconds=30))

    assert outcome.most_instances == 10
    assert outcome.crowded > outcome.asked / 2


def test_a_slow_redis_is_passed_by_and_the_upstream_answers() -> None:
    slow = Limits("slow", 1_000_000, 100_000, 100_000, 5, 1_000)
    outcome = simulated(slow, Load(100, 1.0, seconds=10))

    assert outcome.without_exact > 0
    assert outcome.upstream >= outcome.without_exact
    assert outcome.asked == len(outcome.answered)


def test_a_hit_on_a_warm_instance_takes_milliseconds() -> None:
    outcome = simulated(AMPLE, Load(100, 1.0, seconds=20, exact_share=1.0))

    assert at(outcome.hits, 50) < 0.02


def test_a_bucket_refills() -> None:
    env = simpy.Environment()
    bucket = Bucket(env, 2, 1)

    first, second = bucket.take(), bucket.take()
    env.run(until=0.5)

    assert (first, second, bucket.take()) == (True, False, True)


def test_a_line_serves_in_turn_and_gives_up_on_what_waits_too_long() -> None:
    line = Line(simpy.Environment(), 2)

    assert [line.wait(0.6), line.wait(0.6), line.wait(0.6)] == [0.0, 0.5, None]


def test_a_warm_instance_is_taken_before_a_new_one() -> None:
    instances = Instances(simpy.Environment(), 2, Durations())

    taken = [instances.take(), instances.take(), instances.take()]
    instances.idle += 1

    assert taken == ["cold", "cold", None]
    assert instances.take() == "warm"


def test_the_page_shows_what_the_simulation_says() -> None:
    """One line of it is simulated anew; the whole takes minutes."""
    outcome = simulated(DEFAULTS, load(RATES[0], 0.6))

    assert row(RATES[0], outcome) in PAGE.read_text(encoding="utf-8")


def test_every_stack_has_its_table() -> None:
    found: dict[tuple[str, float, float], Outcome] = {
        (stack.name, rate, hit_rate): Outcome()
        for stack in STACKS
        for rate in RATES
        for hit_rate in HIT_RATES
    }

    made = page(PAGE.read_text(encoding="utf-8"), found)

    assert made.count("| 5,000 | 0.0% |") == len(STACKS)
    assert len([*rows(found, DEFAULTS, 0.6)]) == len(RATES) + 2


def test_the_pages_bill_is_what_the_model_of_costs_says() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert with_bill(text) == text, "run `make scale WRITE=1`"


def test_an_hour_costs_by_the_request_and_a_hit_less_than_a_miss() -> None:
    assert dollars_an_hour(100, 0.6) == pytest.approx(10 * dollars_an_hour(10, 0.6))
    assert dollars_an_hour(100, 0.9) < dollars_an_hour(100, 0.6) < dollars_an_hour(100, 0.3)


def test_waiting_twice_as_long_for_the_upstream_is_paid_for() -> None:
    slow = Workload(upstream_seconds=4.0)

    assert dollars_an_hour(100, 0.3, slow) > 1.5 * dollars_an_hour(100, 0.3)
