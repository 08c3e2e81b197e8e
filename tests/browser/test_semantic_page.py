"""Facts about the semantic tier's own page."""

import asyncio

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser.conftest import pages_of
from browser.page import card, complaints, find, opened, rows
from fakes.admin import AdminHarness
from servers.thread import ThreadServer

pytestmark = pytest.mark.browser


def test_similarities_and_vetoes_are_those_of_the_counters(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard, "?page=semantic")

    assert card(browser, "Compared by meaning") == "9"
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
