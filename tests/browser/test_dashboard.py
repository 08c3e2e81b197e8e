"""Facts about the dashboard in a browser."""

import asyncio
import contextlib
import json

import pytest
from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser.conftest import KEY, pages_of, scheme, screen
from browser.page import card, choose, complaints, facts, find, opened, press, rows, until
from fakes.admin import NOW, AdminHarness
from llm_cache_proxy.domain.metrics.counter_names import hit_counts
from samples.request_events import an_event
from servers.thread import ThreadServer

pytestmark = pytest.mark.browser


def give_key(browser: webdriver.Chrome, key: str) -> None:
    until(browser, lambda: find(browser, "key-form").is_displayed())
    find(browser, "key").send_keys(key + Keys.ENTER)


def test_the_numbers_are_those_of_the_counters(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    assert card(browser, "Hit rate") == "52.6 %"
    assert card(browser, "Requests") == "729"
    assert "acme/own-7b 0 3 0 600 price unknown" in find(browser, "models").text


def test_figures_of_one_model_are_those_of_the_kept_requests_and_say_so(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness
) -> None:
    office.exact.lay({"model:gpt-4o-mini:hits": 1}, ago=60)  # what can be chosen has been counted
    opened(browser, open_dashboard)

    choose(browser, "of-model", "gpt-4o-mini")

    until(browser, lambda: find(browser, "figures-of").text)
    assert find(browser, "figures-of").text == (
        "Of the newest 4 of 729 requests in this time, those of gpt-4o-mini. "
        "Older ones are not kept one by one: REQUESTS_KEPT says how many are."
    )
    assert browser.current_url.endswith("?model=gpt-4o-mini")
    assert facts(browser, "cards", "Requests") == ["4", "of 4 kept"]
    assert facts(browser, "cards", "Hit rate") == ["50.0 %", "of 4 that could hit"]
    assert [row.split()[0] for row in rows(browser, "models")] == ["gpt-4o-mini"]
    link = find(browser, "pages").find_element(By.LINK_TEXT, "Semantic")
    link.click()
    until(browser, lambda: card(browser, "Compared semantically") == "2")
    assert rows(browser, "accuracy") == ["Checks are counted by tenant, not by model or key."]
    assert complaints(browser) == []


def test_figures_of_one_key_are_chosen_by_its_name(
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness
) -> None:
    made = asyncio.run(
        office.administration().perform(
            {"action": "create_key", "tenant": "acme", "name": "website"}
        )
    )
    key = str(made["id"]).partition(".")[2]
    line = an_event(request_id="req_key", tenant="acme", key=key, time=NOW - 30).line()
    asyncio.run(office.exact.record("acme", {}, [json.dumps(line)]))
    opened(browser, open_dashboard, "?page=keys")

    find(browser, "keys").find_element(By.LINK_TEXT, "website").click()

    until(browser, lambda: facts(browser, "cards", "Requests")[0] == "1")
    assert "key website" in find(browser, "figures-of").text
    assert find(browser, "of-key").get_attribute("value") == key
    choose(browser, "of-key", "")
    until(browser, lambda: not find(browser, "figures-of").text)
    assert f"key={key}" not in browser.current_url


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
    browser: webdriver.Chrome, open_dashboard: ThreadServer, office: AdminHarness, colours: str
) -> None:
    office.exact.lay({"error": 6, "refused": 4}, ago=60, seconds=300)
    opened(browser, open_dashboard)

    scheme(browser, colours)  # while the page is open

    until(browser, lambda: painted(browser, "requests", "--exact") > 1_000)
    assert painted(browser, "requests", "--semantic") > 500
    assert painted(browser, "requests", "--failed") > 100
    assert painted(browser, "rate", "--exact") > 300
    label = find(browser, "requests").get_attribute("aria-label")
    assert label == "Requests by tier over time: 739 in all."


def test_the_point_under_the_pointer_is_described_in_words(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    ActionChains(browser).move_to_element_with_offset(find(browser, "requests"), 200, 0).perform()

    answer = browser.find_element(By.CSS_SELECTOR, "#requests + .pointed")
    until(browser, lambda: "exact hits" in answer.text)
    assert "misses" in answer.text


def test_the_newest_requests_are_reported_with_their_reason_and_lead_to_each(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    answer = [row.split(maxsplit=1)[1] for row in rows(browser, "recent")]
    assert answer[1] == "Exact hit identical 200 gpt-4o-mini – 154 – 12 ms default"
    assert answer[2] == (
        "Semantic hit similar 200 gpt-4o-mini 0.9731 154 $0.0000443 saved 14 ms default"
    )
    assert "guard:numbers" in answer[3]
    link = find(browser, "recent").find_element(By.TAG_NAME, "a")
    assert str(link.get_attribute("href")).endswith("?page=requests&open=req_1")


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

    office.exact.lay({"exact_hits": 271}, ago=300, seconds=300)

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
    assert card(browser, "Requests") == "729"


def test_a_wrong_key_is_reported_and_shows_nothing(
    browser: webdriver.Chrome, dashboard: ThreadServer
) -> None:
    browser.get(f"{dashboard.url}/dashboard")

    give_key(browser, "wrong")

    until(browser, lambda: find(browser, "key-error").text == "This key is wrong.")
    assert find(browser, "view").text == ""


def test_a_forgotten_key_is_requested_again(
    browser: webdriver.Chrome, dashboard: ThreadServer
) -> None:
    browser.get(f"{dashboard.url}/dashboard")
    give_key(browser, KEY)
    until(browser, lambda: find(browser, "forget").is_displayed())

    find(browser, "forget").click()

    until(browser, lambda: find(browser, "key-form").is_displayed())
    assert find(browser, "view").text == ""


def test_a_server_that_is_gone_is_reported_and_its_return_noticed(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    opened(browser, open_dashboard)

    open_dashboard.stop()
    until(browser, lambda: "does not answer" in find(browser, "state").text)
    shown_meanwhile = card(browser, "Requests")
    dots = [
        dot.get_attribute("class")
        for dot in find(browser, "health").find_elements("tag name", "span")
    ]
    open_dashboard.start()

    until(browser, lambda: not find(browser, "state").text)
    assert shown_meanwhile == "729"
    assert dots == ["unknown", "unknown"]
    assert find(browser, "health").find_elements("class name", "unknown") == []


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


PAGES = ("overview", "requests", "entries", "semantic", "keys")
WIDER_THAN_ITS_PLACE = """
  const root = document.documentElement;
  const scrolled = [...document.querySelectorAll(".panel *")].filter((one) =>
    getComputedStyle(one).overflowX === "auto" && one.scrollWidth > one.clientWidth);
  return [root.scrollWidth - root.clientWidth, scrolled.length];
"""


def too_wide(browser: webdriver.Chrome, width: int) -> tuple[int, int]:
    """How far the page scrolls sideways, and on a wide one how many cards do.

    The page fits its charts to another width when it is next drawn: that is waited for.
    """

    def measured() -> tuple[int, int]:
        page, cards = browser.execute_script(WIDER_THAN_ITS_PLACE)
        return max(page, 0), cards if width == 1280 else 0

    screen(browser, width, 740)
    with contextlib.suppress(TimeoutException):
        until(browser, lambda: measured() == (0, 0))
    return measured()


def test_no_page_scrolls_sideways_and_no_card_on_a_wide_one(
    browser: webdriver.Chrome, open_dashboard: ThreadServer
) -> None:
    for page in PAGES:
        opened(browser, open_dashboard, f"?page={page}")
        for width in (320, 390, 768, 1280):
            assert too_wide(browser, width) == (0, 0), (page, width)


TOO_WIDE = """
  return [...document.querySelectorAll(".cards dd")].filter((one) =>
    one.scrollWidth > one.clientWidth).map((one) => one.innerText);
"""


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_small_amount_of_dollars_stays_on_its_card(browser: webdriver.Chrome, width: int) -> None:
    office = AdminHarness()
    office.exact.lay(hit_counts("exact_hits", "gpt-4o-mini", 8, 31), ago=60, seconds=300)
    server = ThreadServer(pages_of(office, None))
    with server.running():
        screen(browser, width, 740)
        opened(browser, server)
        assert card(browser, "Dollars saved") == "$0.0000198"
        assert browser.execute_script(TOO_WIDE) == []


def test_without_any_traffic_the_page_says_so(browser: webdriver.Chrome) -> None:
    server = ThreadServer(pages_of(AdminHarness(), None))
    server.start()
    try:
        opened(browser, server)
        assert card(browser, "Hit rate") == "–"
        assert find(browser, "errors").text == "No failure in this time."
        assert complaints(browser) == []
    finally:
        server.stop()


AXE = "axe.run().then(arguments[arguments.length - 1])"


def objections(browser: webdriver.Chrome, axe: str) -> list[str]:
    browser.execute_script(axe)
    found = browser.execute_async_script(AXE)
    return [f"{v['impact']} {v['id']}: {v['nodes'][0]['html']}" for v in found["violations"]]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_to_object_to_on_any_page(
    browser: webdriver.Chrome,
    open_dashboard: ThreadServer,
    dashboard: ThreadServer,
    axe: str,
    colours: str,
) -> None:
    scheme(browser, colours)
    browser.get(f"{dashboard.url}/dashboard")
    until(browser, lambda: find(browser, "key-form").is_displayed())
    found = {"key": objections(browser, axe)}
    for query in (*PAGES, "requests&open=req_3"):
        opened(browser, open_dashboard, f"?page={query}")
        found[query] = objections(browser, axe)
    opened(browser, open_dashboard, "?page=keys")
    press(browser, "New key…")
    found["question"] = objections(browser, axe)
    screen(browser, 390, 844)
    opened(browser, open_dashboard, "?page=requests")
    found["narrow"] = objections(browser, axe)

    assert {place: said for place, said in found.items() if said} == {}
