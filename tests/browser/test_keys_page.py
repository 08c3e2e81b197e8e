"""Facts about the page of tenants and keys."""

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser.page import find, opened, press, rows, until
from servers.thread import ThreadServer

pytestmark = pytest.mark.browser

QUESTION = "dialog[@id='question']"


def field(browser: webdriver.Chrome, name: str, text: str) -> None:
    found = browser.find_element(By.CSS_SELECTOR, f"#question input[name={name}]")
    found.clear()
    found.send_keys(text)


def test_a_key_is_made_shown_once_limited_anew_and_revoked(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard, "?page=keys")

    press(browser, "New key…")
    field(browser, "tenant", "acme")
    field(browser, "name", "website")
    field(browser, "tokens_per_day", "5000" + Keys.ENTER)
    until(browser, lambda: browser.find_element(By.CLASS_NAME, "secret").is_displayed())
    secret = browser.find_element(By.CLASS_NAME, "secret").get_attribute("value")
    press(browser, "Copy and close", QUESTION)
    until(browser, lambda: "0 of 5,000" in rows(browser, "keys")[0])
    press(browser, "Limits")
    field(browser, "tokens_per_day", "")
    field(browser, "requests_per_minute", "7")
    press(browser, "Change the limits", QUESTION)
    until(browser, lambda: "0 of 7 0, no limit" in rows(browser, "keys")[0])
    press(browser, "Revoke")
    press(browser, "Revoke", QUESTION)

    until(browser, lambda: rows(browser, "keys")[0].startswith("No key"))
    assert secret is not None
    assert secret.startswith("lcp_acme.")
    assert secret not in browser.page_source


def test_tenants_lead_to_their_own_numbers(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard, "?page=keys")
    assert [row.split()[0] for row in rows(browser, "tenants")] == ["default", "team-search"]

    find(browser, "tenants").find_element(By.LINK_TEXT, "team-search").click()

    until(browser, lambda: browser.current_url.endswith("?page=overview&tenant=team-search"))
    until(browser, lambda: "42" in find(browser, "cards").text)
