"""Facts about the dashboard in a browser."""

import asyncio
import json
from collections.abc import Callable

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from browser.conftest import KEY, log, scheme, screen
from fakes.admin import NOW, AdminHarness
from llm_cache_proxy.api.operators.metrics_app import create_metrics_app
from servers.thread import ThreadServer

pytestmark = pytest.mark.browser

PATIENCE_SECONDS = 15


def find(browser: webdriver.Chrome, element_id: str) -> WebElement:
    return browser.find_element(By.ID, element_id)


def until(browser: webdriver.Chrome, true: Callable[[], object]) -> None:
    # A refresh may come between finding a figure and reading it.
    waiting = WebDriverWait(browser, PATIENCE_SECONDS, 0.1, [StaleElementReferenceException])
    waiting.until(lambda _: true())


def opened(browser: webdriver.Chrome, server: ThreadServer) -> None:
    """Load the page and wait for its numbers."""
    browser.get(f"{server.url}/dashboard")
    until(browser, lambda: find(browser, "updated").text)


def card(browser: webdriver.Chrome, title: str) -> str:
    """The figure on a card."""
    path = f"//dl[@id='cards']/div[dt='{title}']/dd[1]"
    return browser.find_element(By.XPATH, path).text


def give_key(browser: webdriver.Chrome, key: str) -> None:
    until(browser, lambda: find(browser, "key-form").is_displayed())
    find(browser, "key").send_keys(key + Keys.ENTER)


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What the browser itself objected to, refused resources among it."""
    return [line["message"] for line in log(browser) if line["level"] == "SEVERE"]


def test_the_numbers_are_those_of_the_counters(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    assert card(browser, "Hit rate") == "51.0 %"
    assert card(browser, "Requests") == "791"
    assert [row.text for row in find(browser, "vetoes").find_elements(By.TAG_NAME, "tr")] == [
        "numbers\n8",
        "negation\n4",
    ]
    assert "price unknown" in find(browser, "models").text


def painted(browser: webdriver.Chrome, chart: str, colour: str) -> int:
    """How many of a chart's pixels have one of the page's colours."""
    script = """
      const canvas = document.querySelector(`#${arguments[0]} canvas`);
      const name = getComputedStyle(document.documentElement).getPropertyValue(arguments[1]);
      const wanted = [1, 3, 5].map((at) => parseInt(name.trim().slice(at, at + 2), 16));
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let at = 0; at < data.length; at += 4)
        if (wanted.every((part, index) => data[at + index] === part)) found += 1;
      return found;
    """
    return int(browser.execute_script(script, chart, colour))


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_charts_are_drawn_in_the_colours_of_the_scheme(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, colours: str
) -> None:
    opened(browser, open_dashboard)

    scheme(browser, colours)  # while the page is open

    until(browser, lambda: painted(browser, "requests", "--exact") > 1_000)
    assert painted(browser, "requests", "--semantic") > 500
    assert painted(browser, "rate", "--exact") > 300
    label = find(browser, "requests").get_attribute("aria-label")
    assert label == "Requests by tier over time: 729 in all."


def test_what_lies_under_the_pointer_is_reported_in_words(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    ActionChains(browser).move_to_element_with_offset(find(browser, "requests"), 200, 0).perform()

    answer = browser.find_element(By.CSS_SELECTOR, "#requests + .pointed")
    until(browser, lambda: "exact hits" in answer.text)
    assert "misses" in answer.text


def rows(browser: webdriver.Chrome, element_id: str) -> list[str]:
    return [row.text for row in find(browser, element_id).find_elements(By.TAG_NAME, "tr")]


def test_recent_decisions_are_reported_with_their_reason_and_without_prompts(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    answer = [row.split(maxsplit=1)[1] for row in rows(browser, "recent")]
    assert answer[1] == "HIT-EXACT identical gpt-4o-mini – 154 – 12 ms default"
    assert answer[2] == (
        "HIT-SEMANTIC similar gpt-4o-mini 0.9731 154 $0.0000443 saved 14 ms default"
    )
    assert "guard:numbers" in answer[3]
    assert "Without prompts" in find(browser, "recent-note").text
    assert browser.find_elements(By.CSS_SELECTOR, ".recent .prompt") == []


def test_prompts_appear_where_they_were_switched_on_and_are_no_html(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness
) -> None:
    line = {"time": NOW + 5, "result": "MISS", "reason": "not-found", "latency_ms": 1}
    line["prompt"] = "<img src=x onerror=alert(1)>"
    asyncio.run(office.exact.record("default", {}, [json.dumps(line), "no JSON", "7"]))

    opened(browser, open_dashboard)

    assert browser.find_element(By.CSS_SELECTOR, "td.prompt").text == line["prompt"]
    assert "RECENT_PROMPTS is on" in find(browser, "recent-note").text
    assert complaints(browser) == []


def test_each_part_is_reported_with_its_breaker(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness
) -> None:
    office.breakers = {"exact": "closed", "search": "open", "embed": "closed"}
    office.vectors.away = True

    opened(browser, open_dashboard)

    assert rows(browser, "parts") == [
        "Exact tier ok 0 ms closed 0",
        "Semantic tier unavailable – open 1",
        "Embedder – – closed 0",
    ]


def test_the_page_obeys_its_policy_and_loads_from_its_own_origin(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    loaded = browser.execute_script(script)
    assert loaded
    assert all(name.startswith(open_dashboard.url) for name in loaded)
    assert complaints(browser) == []


def test_new_numbers_appear_by_themselves_in_the_same_nodes(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness
) -> None:
    opened(browser, open_dashboard)
    browser.execute_script("document.querySelector('details').open = true")
    chart = browser.find_element(By.CSS_SELECTOR, "#rate canvas")

    office.exact.lay({"exact_hits": 209}, ago=300, seconds=300)

    until(browser, lambda: card(browser, "Requests") == "1,000")
    assert chart.is_displayed()
    assert find(browser, "series").is_displayed()


def test_another_range_is_shown_at_once_and_by_keyboard(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    hour = browser.find_element(By.CSS_SELECTOR, "input[value=hour]")
    hour.send_keys(Keys.ARROW_RIGHT)

    rows = "return document.querySelectorAll('#series tr').length"
    until(browser, lambda: browser.execute_script(rows) == 24)
    focused = browser.switch_to.active_element
    assert focused.get_attribute("value") == "day"


def test_the_page_asks_for_the_key_once_and_keeps_it_over_a_reload(
    browser: webdriver.Chrome, dashboard: ThreadServer
) -> None:
    browser.get(f"{dashboard.url}/dashboard")
    give_key(browser, KEY)
    until(browser, lambda: find(browser, "updated").text)

    opened(browser, dashboard)

    assert not find(browser, "key-form").is_displayed()
    assert card(browser, "Requests") == "791"


def test_a_wrong_key_is_reported_and_shows_nothing(
    browser: webdriver.Chrome, dashboard: ThreadServer
) -> None:
    browser.get(f"{dashboard.url}/dashboard")

    give_key(browser, "wrong")

    until(browser, lambda: find(browser, "key-error").text == "This key is wrong.")
    assert not find(browser, "numbers").is_displayed()


def test_a_forgotten_key_is_requested_again(
    browser: webdriver.Chrome, dashboard: ThreadServer
) -> None:
    browser.get(f"{dashboard.url}/dashboard")
    give_key(browser, KEY)
    until(browser, lambda: find(browser, "forget").is_displayed())

    find(browser, "forget").click()

    until(browser, lambda: find(browser, "key-form").is_displayed())
    assert not find(browser, "numbers").is_displayed()


def test_a_server_that_is_gone_is_reported_and_its_return_noticed(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    open_dashboard.stop()
    until(browser, lambda: "does not answer" in find(browser, "state").text)
    shown_meanwhile = card(browser, "Requests")
    open_dashboard.start()

    until(browser, lambda: not find(browser, "state").text)
    assert shown_meanwhile == "791"


def test_a_store_that_is_unavailable_is_named(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness
) -> None:
    opened(browser, open_dashboard)

    office.vectors.away = True
    until(browser, lambda: "unavailable" in find(browser, "health").text)
    office.exact.away = True

    until(browser, lambda: "exact tier's store did not answer" in find(browser, "state").text)


def test_dark_is_dark(browser: webdriver.Chrome, open_dashboard: ThreadServer) -> None:
    scheme(browser, "dark")
    opened(browser, open_dashboard)

    colour = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    assert colour == "rgba(18, 21, 27, 1)"


@pytest.mark.parametrize("width", [320, 360, 768])
def test_a_narrow_page_does_not_scroll_sideways(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, width: int
) -> None:
    screen(browser, width, 740)
    opened(browser, open_dashboard)

    root = "document.documentElement"
    overhang = browser.execute_script(f"return {root}.scrollWidth - {root}.clientWidth")
    assert overhang == 0


def test_without_any_traffic_the_page_says_so(browser: webdriver.Chrome) -> None:
    server = ThreadServer(create_metrics_app(AdminHarness().administration(), None))
    server.start()
    try:
        opened(browser, server)
        assert card(browser, "Hit rate") == "–"
        assert find(browser, "vetoes").text == "No veto in this time."
        assert complaints(browser) == []
    finally:
        server.stop()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("keyed", [False, True])
def test_axe_finds_nothing_to_object_to(
    browser: webdriver.Chrome,
    open_dashboard: ThreadServer,
    dashboard: ThreadServer,
    axe: str,
    *,
    keyed: bool,
    colours: str,
) -> None:
    scheme(browser, colours)
    if keyed:
        browser.get(f"{dashboard.url}/dashboard")
        until(browser, lambda: find(browser, "key-form").is_displayed())
    else:
        opened(browser, open_dashboard)

    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[0])")

    answer = [f"{v['impact']} {v['id']}: {v['nodes'][0]['html']}" for v in found["violations"]]
    assert answer == []


def test_checked_hits_are_reported_with_their_interval_and_what_came_of_them(
    browser: webdriver.Chrome,
) -> None:
    office = AdminHarness()
    counts = {"semantic_hits": 500, "shadow:right": 36, "shadow:wrong": 4, "shadow:failed": 1}
    office.exact.lay({**counts, "verifier:approved": 3, "verifier:refused": 2}, ago=30)
    asyncio.run(office.exact.set_threshold("default", 0.94, before=0.0))
    asyncio.run(office.exact.bar("default", "a-pair"))
    server = ThreadServer(create_metrics_app(office.administration(), None))
    server.start()
    try:
        opened(browser, server)
        rows = [row.text for row in find(browser, "accuracy").find_elements(By.TAG_NAME, "tr")]
        assert complaints(browser) == []
    finally:
        server.stop()

    assert rows == [
        "Sampled 40",
        "Wrong among them 10.0 % (95 %: 4.0 % to 23.1 %)",
        "Samples without an answer 1",
        "Pairs that the verifier approved 3 of 5, 0 unanswered",
        "Verifier's cost $0.00",
        "Threshold raised for default 0.94",
        "Pairs barred by default 1",
    ]
