"""Facts about the semantic tier's own page."""

import asyncio

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser.conftest import pages_of
from browser.page import card, complaints, facts, find, opened, rows, until
from fakes.admin import AdminHarness
from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.domain.metrics.counter_names import EXACT_HITS
from llm_cache_proxy.domain.promise import Tally
from llm_cache_proxy.domain.promise.counters import FIXED, HITS, LABELS, SPENT
from llm_cache_proxy.domain.promise.evidence import GROUPS
from servers.thread import ThreadServer
from unit.pipeline.learning_harness import LearningHarness, group, taught, teach

pytestmark = pytest.mark.browser


def test_similarities_and_vetoes_are_those_of_the_counters(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard, "?page=semantic")

    assert card(browser, "Compared semantically") == "9"
    assert card(browser, "Served") == "3"
    assert rows(browser, "vetoes") == ["numbers 6", "negation 3"]
    browser.find_element(By.TAG_NAME, "summary").click()
    bands = rows(browser, "bands")
    assert bands[:2] == ["0.97 3 0 0", "0.96 0 3 0"]
    assert bands[-1] == "0.41 0 0 3"
    label = find(browser, "histogram").get_attribute("aria-label")
    assert label == "Similarities of 9 requests; 3 of them were served."
    assert complaints(browser) == []


def test_checked_hits_are_reported_with_their_interval_and_what_came_of_them(
    browser: webdriver.Chrome,
) -> None:
    office = AdminHarness()
    counts = {"semantic_hits": 500, "shadow:right": 36, "shadow:wrong": 4, "shadow:failed": 1}
    office.exact.lay({**counts, "verifier:approved": 3, "verifier:refused": 2}, ago=30)
    asyncio.run(office.exact.set_threshold("default", 0.94, before=0.0))
    asyncio.run(office.exact.bar("default", "a-pair"))
    server = ThreadServer(pages_of(office, None))
    server.start()
    try:
        opened(browser, server, "?page=semantic")
        answer = rows(browser, "accuracy")
        assert complaints(browser) == []
    finally:
        server.stop()

    assert answer == [
        "Sampled 40",
        "Wrong among them 10.0 % (95 %: 4.0 % to 23.1 %)",
        "Samples without an answer 1",
        "Pairs that the verifier approved 3 of 5, 0 unanswered",
        "Verifier's cost $0.00",
        "Threshold raised for default 0.94",
        "Pairs barred by default 1",
    ]


async def at_work() -> LearningHarness:
    """A tenant of 200 lookups, 90 of them learned hits where a fixed threshold has 60."""
    harness = await taught()
    counts = {EXACT_HITS: 198, HITS: 90, FIXED: 59, SPENT: 1_250_000_000}
    await harness.exact.record("default", {**counts, f"{LABELS}explored": 12})
    await teach(harness, checks=Tally(0, 12, 1))
    return harness


def test_what_was_learned_is_shown_against_the_promise_and_a_fixed_threshold(
    browser: webdriver.Chrome,
) -> None:
    harness = asyncio.run(at_work())
    explanation = Explanation(harness.pipeline)
    office = AdminHarness(exact=harness.exact, vectors=harness.vectors, explanation=explanation)
    server = ThreadServer(pages_of(office, None))
    server.start()
    try:
        opened(browser, server, "?page=semantic")
        until(browser, lambda: facts(browser, "learning", "Promise"))
        shown = {
            title: facts(browser, "learning", title)[0]
            for title in (
                "Promise",
                "Serves",
                "Serves from a chance of",
                "Learned hits",
                "By a fixed threshold",
                "Hit rate gained",
                "Labels",
                "Checked",
                "Spent on checks",
                "Forgotten",
            )
        }
        expected = facts(browser, "learning", "Expected")[0]
        most = facts(browser, "learning", "At most, at any time")[0]
        overall = facts(browser, "learning", "Checked hits of all tenants")[0]
        best = rows(browser, "cells")[0]
        assert complaints(browser) == []
    finally:
        server.stop()

    assert shown == {
        "Promise": "5.0 % wrong at most",
        "Serves": "yes",
        "Serves from a chance of": "85.0 %",
        "Learned hits": "90",
        "By a fixed threshold": "60",
        "Hit rate gained": "+15.0 %",
        "Labels": "12 explored, 1 missed",
        "Checked": "100 % of hits",
        "Spent on checks": "$1.25",
        "Forgotten": "0 times",
    }
    assert expected.startswith("0 % (95 %: 0 % to ")
    assert overall.startswith("12.4 % wrong (95 %: 0 % to ")
    assert overall.endswith(", of 12")
    assert 0 < float(most.removesuffix(" %")) < 5
    assert best.startswith("all 0.850-0.900 accepted yes 1,001 1,001")


async def parted() -> LearningHarness:
    """A tenant of two applications, one of which has near opposites."""
    harness = await taught()
    hard = Tally(1_000, 1_000, 400)
    await teach(harness, among=(group(harness) + 1) % GROUPS, accepted=hard, numbers=hard)
    return harness


def test_applications_that_are_proven_apart_are_shown_apart(browser: webdriver.Chrome) -> None:
    harness = asyncio.run(parted())
    told = Explanation(harness.pipeline)
    office = AdminHarness(exact=harness.exact, vectors=harness.vectors, explanation=told)
    server = ThreadServer(pages_of(office, None))
    server.start()
    try:
        opened(browser, server, "?page=semantic")
        until(browser, lambda: facts(browser, "learning", "Promise"))
        parts = {shown.split(" ")[1]: shown for shown in rows(browser, "parts")[:2]}
        turned_away = rows(browser, "turned-away")
        assert complaints(browser) == []
    finally:
        server.stop()

    easy = group(harness)
    assert f"group {easy} yes" in parts[str(easy)]
    assert f"group {(easy + 1) % GROUPS} no" in parts[str((easy + 1) % GROUPS)]
    assert turned_away[0].startswith("too few labels 9,000 9,000 3,600")
    assert turned_away[1].startswith("numbers 9,000 9,000 3,600")
