"""Facts about the list of requests, and about one request that is opened."""

import asyncio
import json
from dataclasses import replace

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser.page import choose, complaints, figure, find, opened, press, rows, until
from fakes.admin import NOW, AdminHarness, entry
from llm_cache_proxy.ports.exact_store.store import Commit
from samples.request_events import SAVED, an_event
from servers.thread import ThreadServer

pytestmark = pytest.mark.browser

ENTRY = "0123456789abcdef01234567"
PAIR = "f" * 32
PROMPT, STORED = "Where is <b>Paris</b> now?", "Where is Rome now?"
ANSWER = {"choices": [{"message": {"content": "In <i>Europe</i>."}}]}


@pytest.fixture
def compared(office: AdminHarness) -> AdminHarness:
    """A semantic hit whose prompts are both kept, newer than all else."""
    made = entry("k")
    held = replace(
        made,
        entry_id=ENTRY,
        selectors=(*made.selectors, f"entry:{ENTRY}"),
        text=STORED,
        forms=replace(made.forms, json=json.dumps(ANSWER)),
    )
    line = an_event(
        request_id="req_hit",
        time=NOW + 5,
        result="HIT-SEMANTIC",
        reason="similar",
        similarity=0.9731,
        usage=SAVED,
        entry=f"{ENTRY}-{PAIR}",
        key="abc",
    ).line()
    asyncio.run(office.exact.commit(Commit("default", held)))
    text = json.dumps(line | {"prompt": PROMPT})
    asyncio.run(office.exact.record("default", {}, [text, "no JSON", "7"]))
    return office


def test_filters_narrow_the_list_and_its_figures_and_stand_in_the_url(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard, "?page=requests")
    assert figure(browser, "Requests") == "4"

    choose(browser, "result", "MISS")
    until(browser, lambda: figure(browser, "Requests") == "2")
    find(browser, "search").send_keys("numbers")
    until(browser, lambda: figure(browser, "Requests") == "1")

    assert browser.current_url.endswith("?page=requests&result=MISS&search=numbers")
    browser.refresh()
    until(browser, lambda: len(rows(browser, "requests")) == 1)
    assert "guard:numbers" in rows(browser, "requests")[0]
    browser.back()
    until(browser, lambda: figure(browser, "Requests") == "2")
    assert find(browser, "search").get_attribute("value") == ""


@pytest.mark.usefixtures("compared")
def test_a_semantic_hit_opens_to_both_prompts_the_answer_and_what_decided(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard, "?page=requests")

    find(browser, "requests").find_element(By.TAG_NAME, "a").send_keys(Keys.ENTER)

    until(browser, lambda: find(browser, "drawer").is_displayed())
    panes = [pane.text for pane in browser.find_elements(By.CSS_SELECTOR, "#drawer .text")]
    assert panes == [PROMPT, STORED, "In <i>Europe</i>."]
    marks = [mark.text for mark in browser.find_elements(By.TAG_NAME, "mark")]
    assert marks == ["<b>Paris</b>", "Rome"]
    assert "Cosine similarity 0.9731" in find(browser, "drawer-body").text
    assert browser.current_url.endswith("&open=req_hit")
    assert complaints(browser) == []
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    until(browser, lambda: browser.current_url.endswith("?page=requests"))
    assert not find(browser, "drawer").is_displayed()


def test_a_vetoed_miss_opens_to_both_prompts_and_the_rule(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, compared: AdminHarness
) -> None:
    line = an_event(
        request_id="req_veto",
        time=NOW + 6,
        reason="guard:names",
        similarity=0.9612,
        nearest=ENTRY,
    ).line()
    text = json.dumps(line | {"prompt": PROMPT})
    asyncio.run(compared.exact.record("default", {}, [text]))

    opened(browser, open_dashboard, "?page=requests&open=req_veto")

    until(browser, lambda: find(browser, "drawer").is_displayed())
    panes = [pane.text for pane in browser.find_elements(By.CSS_SELECTOR, "#drawer .text")]
    assert panes == [PROMPT, STORED]
    said = find(browser, "drawer-body").text
    assert "The guard's rule “names” saw the difference." in said
    assert "The nearest stored prompt" in said
    assert "Cosine similarity 0.9612" in said
    assert "Is this answer right" not in said


def test_a_miss_whose_nearest_entry_has_gone_says_so(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness
) -> None:
    line = an_event(
        request_id="req_low", time=NOW + 6, reason="below-threshold", similarity=0.5, nearest=ENTRY
    ).line()
    asyncio.run(office.exact.record("default", {}, [json.dumps(line)]))

    opened(browser, open_dashboard, "?page=requests&open=req_low")

    until(browser, lambda: find(browser, "drawer").is_displayed())
    said = find(browser, "drawer-body").text
    assert "RECENT_PROMPTS keeps prompts" in said
    assert "The entry is no longer there" in said


def test_a_bad_answer_is_deleted_and_its_pair_barred_and_good_takes_that_back(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, compared: AdminHarness
) -> None:
    opened(browser, open_dashboard, "?page=requests&open=req_hit")

    press(browser, "Bad")
    until(browser, lambda: "the entry is deleted" in find(browser, "drawer-body").text)
    barred = asyncio.run(compared.exact.standing("default")).barred
    held = asyncio.run(compared.held())
    press(browser, "Good")
    until(browser, lambda: "may match" in find(browser, "drawer-body").text)

    assert (barred, held) == (1, (0, 0))
    assert asyncio.run(compared.exact.standing("default")).barred == 0


def test_older_requests_are_on_further_pages(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness
) -> None:
    lines = [
        json.dumps(an_event(request_id=f"req_{n:03}", time=NOW - 300 + n).line()) for n in range(60)
    ]
    asyncio.run(office.exact.record("default", {}, lines))
    opened(browser, open_dashboard, "?page=requests")
    assert len(rows(browser, "requests")) == 50

    find(browser, "older").click()

    until(browser, lambda: len(rows(browser, "requests")) == 14)
    assert figure(browser, "Requests") == "64"
    find(browser, "newest").click()
    until(browser, lambda: len(rows(browser, "requests")) == 50)
