"""Facts about the report on learned thresholds."""

from dataclasses import replace
from threading import get_ident
from typing import Any

import pytest

from fakes.admin import AdminHarness
from llm_cache_proxy.administration.learning import LearningReport, cell_view
from llm_cache_proxy.administration.metrics.counters import Counters
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.promise import Evidence, Plan, Promise, Tally
from llm_cache_proxy.domain.promise.counters import PREFIX
from llm_cache_proxy.domain.promise.evidence import CHECK, CONTROL, GROUPS, sums_of
from llm_cache_proxy.pipeline.checks.learned import LearningRules
from unit.pipeline.learning_harness import (
    ALWAYS,
    PARAPHRASE,
    READ_ONLY,
    SURE,
    group,
    learning,
    taught,
    teach,
    trusting,
)

STORED, VETOED = "Is basalt waterproof?", "Is granite waterproof?"


async def report(harness: Any) -> Any:
    found = LearningReport(harness.pipeline.learning, Counters(harness.exact))
    return await found.report("default")


async def test_the_promise_is_reported_with_its_bound_and_what_it_rests_on() -> None:
    found = await report(await taught())

    assert found["promise"] == 0.05
    assert 0 <= found["estimate"] <= found["bound"] <= 0.05
    assert found["interval"][0] <= found["estimate"] <= found["interval"][1]
    assert found["serves"]
    assert found["least_chance"] == 0.85
    assert found["judge"]["controls"] == 2_000
    assert found["labels"] == {"missed": 1}


async def test_the_counters_are_read_once_for_all_that_is_reported() -> None:
    harness = await taught()
    read = harness.exact.counter_reads

    await report(harness)

    assert harness.exact.counter_reads == read + 1


async def test_each_kind_of_candidate_has_its_interval_against_the_controls() -> None:
    found = await report(await taught())

    top = found["cells"][0]
    low, high = top["wrong_interval"]
    assert (top["rule"], top["band"], top["served"]) == (None, "0.995-1.000", True)
    assert 0.0 <= low <= high < 0.05


async def test_parts_that_are_proven_apart_are_reported_apart() -> None:
    harness = await taught()
    hard = (group(harness) + 1) % GROUPS
    await teach(harness, among=hard, accepted=Tally(1_000, 1_000, 400))

    found = await report(harness)

    own, other = (
        next(part for part in found["parts"] if part["group"] == each)
        for each in (group(harness), hard)
    )
    assert [part["trusts"] for part in found["parts"]] == [False] * 3
    assert own["serves"]
    assert own["bound"] == found["bound"] <= 0.05
    assert (other["serves"], other["bound"], other["interval"]) == (False, 1.0, None)
    assert {cell["served"] for cell in found["cells"] if cell["group"] == hard} == {False}


async def test_each_bound_is_computed_once_and_beside_the_event_loop() -> None:
    harness = await taught()
    hard = (group(harness) + 1) % GROUPS
    await teach(harness, among=hard, accepted=Tally(1_000, 1_000, 400))
    threads: list[int] = []

    class Watched(Promise):
        def bound(self, evidence: Evidence, plan: Plan) -> float:
            threads.append(get_ident())
            return super().bound(evidence, plan)

    learned = harness.pipeline.learning
    assert learned is not None
    watching = replace(learned, rules=LearningRules(Watched(0.05)))
    found: Any = await LearningReport(watching, Counters(harness.exact)).report("default")

    assert len(threads) == len(found["parts"]) > 1
    assert get_ident() not in threads


async def test_what_is_turned_away_is_reported_by_rule_with_how_much_of_it_was_wrong() -> None:
    harness = await taught()
    await teach(harness, numbers=Tally(100, 100, 50), substitution=Tally(10, 10, 0))

    found = {row["rule"]: row for row in (await report(harness))["turned_away"]}

    assert found["numbers"]["seen"] == 900
    assert found["numbers"]["wrong_interval"][0] > 0.5
    assert found["substitution"]["wrong_interval"][0] == 0.0


async def test_without_controls_there_is_no_interval() -> None:
    harness = learning()
    await harness.ask("What is Rust?")
    await harness.ask(PARAPHRASE, headers=READ_ONLY)

    found = await report(harness)

    assert found["cells"][0]["wrong_interval"] is None
    assert found["turned_away"][0]["wrong_interval"] is None
    assert found["parts"][0]["interval"] is None
    assert not any(cell["served"] for cell in found["cells"])


async def test_what_is_served_before_any_label_is_told_as_trust() -> None:
    harness = learning()
    await harness.ask("What is Rust?")
    await trusting(harness)

    found = await report(harness)

    assert (found["serves"], found["trusts"], found["least_chance"]) == (True, True, 0.90)
    assert found["bound"] > 0.99


async def test_hits_are_set_against_those_of_a_fixed_threshold() -> None:
    harness = await taught()
    harness.embedder.set_similarity(STORED, VETOED, 0.96)
    await teach(harness, substitution=SURE)
    await harness.ask(STORED)  # a miss reads the labels
    await harness.ask(PARAPHRASE, headers=READ_ONLY)
    before = await report(harness)

    vetoed = await harness.ask(VETOED, headers=READ_ONLY)
    found = await report(harness)

    assert vetoed.outcome.reason == "learned"
    assert found["hits"] == before["hits"] + 1
    assert found["fixed_hits"] == before["fixed_hits"]
    assert before["hit_rate_gained"] < found["hit_rate_gained"]


async def test_what_checks_have_cost_is_reported_in_dollars() -> None:
    harness = await taught()
    harness.chance = ALWAYS

    await harness.ask(PARAPHRASE, headers=READ_ONLY)
    found = await report(harness)

    assert found["dollars_spent"] > 0
    assert found["labels"]["explored"] == 1


async def test_a_change_of_the_world_is_reported() -> None:
    harness = await taught()
    await teach(harness, checks=Tally(500, 100, 30))
    await harness.ask("Something else entirely", headers=READ_ONLY)

    found = await report(harness)

    assert (found["changes"], found["serves"], found["interval"]) == (1, False, None)


async def test_checked_hits_of_all_tenants_are_set_against_their_controls() -> None:
    harness = await taught()
    counted = sums_of(CONTROL, Tally(0, 1_000, 10)) | sums_of(CHECK, Tally(0, 900, 36))
    for tenant, counts in {
        "busy": counted,
        "unchecked": sums_of(CONTROL, Tally(0, 500, 100)),
    }.items():
        named = {PREFIX + name: round(amount) for name, amount in counts.items()}
        await harness.exact.record(tenant, named)
    await teach(harness, checks=Tally(0, 100, 4))

    overall = (await report(harness))["overall"]

    # Both of the tenants that have checks; `teach` laid 2,000 controls down for the first twice.
    assert (overall["tenants"], overall["checks"], overall["differing_checks"]) == (2, 1_000, 40)
    assert overall["controls"] == 5_000
    low, high = overall["interval"]
    assert 0.02 < low < overall["estimate"] < high < 0.08


async def test_without_checks_nothing_is_said_over_all_tenants() -> None:
    overall = (await report(await taught()))["overall"]

    assert (overall["tenants"], overall["checks"]) == (0, 0)
    assert (overall["estimate"], overall["interval"]) == (None, None)


async def test_what_is_never_looked_at_has_no_cell() -> None:
    learned = learning().pipeline.learning
    assert learned is not None

    assert cell_view(learned.learned("default"), 0, None) is None


async def test_without_a_promise_there_is_nothing_to_report() -> None:
    with pytest.raises(InvalidRequest, match="MAX_WRONG_SHARE"):
        await AdminHarness().administration().perform({"action": "learning"})


async def test_while_the_store_is_away_the_report_is_what_this_process_read_last() -> None:
    harness = await taught()
    before = await report(harness)
    harness.exact.away = True

    found = await report(harness)

    assert (before["from_memory"], found["from_memory"]) == (False, True)
    assert found["serves"]
    assert found["bound"] <= 0.05
    assert found["judge"]["controls"] == 2_000
    assert found["overall"] is None


async def test_a_process_that_has_read_nothing_yet_reports_noughts_while_the_store_is_away() -> (
    None
):
    harness = learning()
    harness.exact.away = True

    found = await report(harness)

    assert (found["serves"], found["hits"], found["labels"]) == (False, 0, {})
