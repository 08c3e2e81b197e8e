"""What tests do on the dashboard's pages, and read there."""

from collections.abc import Callable

from selenium import webdriver
from selenium.common.exceptions import (
    JavascriptException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from browser.conftest import log
from servers.thread import ThreadServer

PATIENCE_SECONDS = 40  # for a machine that is busy: what is true sooner is not waited for


def find(browser: webdriver.Chrome, element_id: str) -> WebElement:
    return browser.find_element(By.ID, element_id)


def until(browser: webdriver.Chrome, true: Callable[[], object]) -> None:
    # A refresh may come between finding a figure and reading it.
    passing = [StaleElementReferenceException, NoSuchElementException, JavascriptException]
    WebDriverWait(browser, PATIENCE_SECONDS, 0.1, passing).until(lambda _: true())


def opened(browser: webdriver.Chrome, server: ThreadServer, query: str = "") -> None:
    """Load a page and wait for its numbers."""
    browser.get(f"{server.url}/dashboard{query}")
    until(browser, lambda: find(browser, "updated").text)


FACT = """
  const [list, title] = arguments;
  const found = [...document.querySelectorAll(`#${list} > div`)].find((one) =>
    one.querySelector("dt").innerText === title);
  return [...found.querySelectorAll("dd")].map((one) => one.innerText);
"""
CELLS = """
  return [...document.querySelectorAll(`#${arguments[0]} tr`)].map((row) =>
    [...row.cells].map((cell) => cell.innerText));
"""
# Read by one call each: a refresh may put other nodes in place between two.


def card(browser: webdriver.Chrome, title: str) -> str:
    """The figure on a card."""
    return facts(browser, "cards", title)[0]


def figure(browser: webdriver.Chrome, title: str) -> str:
    """A figure of the list of requests."""
    return facts(browser, "figures", title)[0]


def facts(browser: webdriver.Chrome, element_id: str, title: str) -> list[str]:
    """What a list of facts says under a title."""
    found: list[str] = browser.execute_script(FACT, element_id, title)
    return found


def cells(browser: webdriver.Chrome, element_id: str) -> list[list[str]]:
    """A table's cells by its rows."""
    found: list[list[str]] = browser.execute_script(CELLS, element_id)
    return found


def rows(browser: webdriver.Chrome, element_id: str) -> list[str]:
    """The rows of a table's body, as they read."""
    return [" ".join(" ".join(row).split()) for row in cells(browser, element_id)]


def press(browser: webdriver.Chrome, text: str, within: str = "body") -> None:
    """Press the button that says so."""
    until(
        browser,
        lambda: browser.find_element(
            By.XPATH, f"//{within}//button[normalize-space()='{text}']"
        ).is_enabled(),
    )
    browser.find_element(By.XPATH, f"//{within}//button[normalize-space()='{text}']").click()


def choose(browser: webdriver.Chrome, element_id: str, value: str) -> None:
    """Choose a value of a select."""
    found = find(browser, element_id)
    found.find_element(By.CSS_SELECTOR, f"option[value='{value}']").click()


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What the browser itself objected to, refused resources among it."""
    return [line["message"] for line in log(browser) if line["level"] == "SEVERE"]
