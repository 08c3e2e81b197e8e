"""Facts about the entries' page."""

import asyncio

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser.page import choose, find, opened, press, rows, until
from fakes.admin import NOW, AdminHarness
from servers.thread import ThreadServer

pytestmark = pytest.mark.browser


@pytest.fixture
def stocked(office: AdminHarness) -> AdminHarness:
    """Three entries; an entry's key is its prompt."""

    async def keep() -> None:
        await office.keep("Where is Paris?", created_at=int(NOW) - 7_200, tag="geo", model="m")
        await office.keep("Who wrote Faust?", created_at=int(NOW) - 60, tag="books", model="n")
        await office.keep("Is Paris big?", created_at=int(NOW) - 30, tenant="acme", model="m")

    asyncio.run(keep())
    return office


@pytest.mark.usefixtures("stocked")
def test_entries_are_found_by_what_they_say_and_by_their_age(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard, "?page=entries")
    assert [row.split("?")[0] for row in rows(browser, "entries")] == [
        "Is Paris big",
        "Who wrote Faust",
        "Where is Paris",
    ]

    find(browser, "search").send_keys("paris")
    until(browser, lambda: find(browser, "matched").text == "2 entries, newest first.")
    choose(browser, "age", "younger-3600")
    until(browser, lambda: find(browser, "matched").text == "One entry, newest first.")
    assert browser.current_url.endswith("?page=entries&search=paris&age=younger-3600")


def test_an_entry_opens_and_is_deleted_only_once_that_is_confirmed(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, stocked: AdminHarness
) -> None:
    opened(browser, open_dashboard, "?page=entries")
    find(browser, "entries").find_element(By.LINK_TEXT, "Who wrote Faust?").click()
    until(browser, lambda: "Who wrote Faust?" in find(browser, "drawer-body").text)

    press(browser, "Delete this entry")
    until(browser, lambda: find(browser, "question").is_displayed())
    before = asyncio.run(stocked.held())
    press(browser, "Delete", "dialog[@id='question']")

    until(browser, lambda: len(rows(browser, "entries")) == 2)
    assert (before, asyncio.run(stocked.held())) == ((2, 2), (1, 1))


def test_a_clear_says_how_many_entries_it_takes_before_it_takes_them(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, stocked: AdminHarness
) -> None:
    opened(browser, open_dashboard, "?page=entries&model=m")

    press(browser, "Clear…")

    until(browser, lambda: "2 in the exact tier" in find(browser, "question").text)
    press(browser, "Clear 2 entries", "dialog[@id='question']")
    until(browser, lambda: find(browser, "notice").text == "Cleared 2 entries.")
    assert asyncio.run(stocked.held()) == (1, 1)
    assert asyncio.run(stocked.held("acme")) == (0, 0)
