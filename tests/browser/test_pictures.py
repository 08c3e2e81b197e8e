"""The docs' pictures of every page, taken from the real thing by `make screenshots`.

Every number on the pages is compared with the log of the requests that made it.
"""

import json
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser.conftest import picture, scheme, screen
from browser.help_desk import LLAMA, MINI, OWN, HelpDesk, help_desk
from browser.log_figures import LogFigures, answered, paid
from browser.page import card, cells, facts, figure, find, rows, until
from servers.proxy.keyed import ADMIN_KEY

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

DOCS = Path(__file__).parents[2] / "docs"
WIDTH, HEIGHT = 1280, 860
PICTURES = (
    ("overview-light", "?page=overview", "light", WIDTH),
    ("overview-dark", "?page=overview", "dark", WIDTH),
    ("requests-light", "?page=requests", "light", WIDTH),
    ("request-light", "?page=requests&result=HIT-SEMANTIC", "light", WIDTH),
    ("entries-light", "?page=entries", "light", WIDTH),
    ("semantic-light", "?page=semantic", "light", WIDTH),
    ("keys-light", "?page=keys", "light", WIDTH),
    ("overview-narrow", "?page=overview", "dark", 390),
)
PARTLY = ("requests", "request", "entries")
"""Pages that are long lists: what the window shows is enough."""
WRITTEN = 0.006
"""How far a written number may be from the exact one: three digits are shown."""
BUCKET = 0.11
"""The same for a latency: buckets are 5 % wide, and two digits are shown."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelpDesk]:
    with help_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="module")
def log(desk: HelpDesk) -> LogFigures:
    text = (desk.folder / "requests.jsonl").read_text()
    return LogFigures([json.loads(line) for line in text.splitlines()])


def shown(browser: webdriver.Chrome, desk: HelpDesk, query: str) -> None:
    """Open a page of the desk's, with the key."""
    browser.get(f"{desk.proxy.url}/docs/docs.css")  # of the same origin, and no page
    browser.execute_script(f"sessionStorage.setItem('llm-cache-proxy-admin-key', '{ADMIN_KEY}')")
    browser.get(f"{desk.proxy.url}/dashboard{query}")
    until(browser, lambda: find(browser, "updated").text)


def amount(text: str) -> float:
    """A written number: dollars, percent, thousands or milliseconds."""
    found = re.search(r"(-?[\d,.]+)\s*(K|%|s\b)?", text.replace("$", ""))
    assert found is not None, text
    factor = {"K": 1e3, "%": 0.01, "s": 1e3, None: 1}[found[2]]
    return float(found[1].replace(",", "")) * factor


def near(value: float, within: float = WRITTEN) -> object:
    return pytest.approx(value, rel=within, abs=0.0006)


def by_name(browser: webdriver.Chrome, element_id: str) -> dict[str, list[str]]:
    """A table's cells by the name of their row."""
    return {name: rest for name, *rest in cells(browser, element_id)}


def test_every_number_of_the_overview_is_that_of_the_log(
    browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures
) -> None:
    answers = answered(desk.upstream.requests)
    shown(browser, desk, "?page=overview")

    assert amount(card(browser, "Hit rate")) == near(log.hit_rate)
    assert amount(card(browser, "Requests")) == len(log.lines) == desk.sent
    assert amount(card(browser, "Dollars saved")) == near(log.dollars("dollars_saved"))
    assert amount(card(browser, "Tokens saved")) == near(log.tokens("HIT-EXACT", "HIT-SEMANTIC"))
    assert amount(facts(browser, "cards", "Dollars saved")[1]) == near(paid(answers))
    assert amount(facts(browser, "cards", "Tokens saved")[1]) == near(
        sum(used["total_tokens"] for _, used in answers)
    )
    assert amount(card(browser, "Entries")) == len(log.looked_up)  # the others replaced theirs

    names = {
        "Exact hits": "HIT-EXACT",
        "Semantic hits": "HIT-SEMANTIC",
        "Misses": "MISS",
        "Bypasses": "BYPASS",
        "Failed": "ERROR",
        "Refused": "REFUSED",
    }
    tiers = by_name(browser, "tiers")
    assert {name: amount(row[0]) for name, row in tiers.items()} == {
        name: len(log.of(result)) for name, result in names.items()
    }
    spent = by_name(browser, "latency")
    for name, result in (("Exact hit", "HIT-EXACT"), ("Miss", "MISS"), ("Failed", "ERROR")):
        wanted = [log.percentile(result, share) for share in (0.5, 0.9, 0.99)]
        assert [amount(text) for text in spent[name][:3]] == near_all(wanted, BUCKET)
    models = by_name(browser, "models")
    for model in (LLAMA, MINI, OWN):
        hits = log.of("HIT-EXACT", "HIT-SEMANTIC", model=model)
        own = [answer for answer in answers if answer[0] == model]
        assert [amount(text) for text in models[model][:4]] == near_all(
            [
                len(hits),
                len(own),
                log.tokens("HIT-EXACT", "HIT-SEMANTIC", model=model),
                sum(used["total_tokens"] for _, used in own),
            ]
        )
        if model != OWN:
            saved = log.dollars("dollars_saved", model=model)
            assert [amount(text) for text in models[model][4:]] == near_all([saved, paid(own)])
    assert models[OWN][4:] == ["price unknown", "price unknown"]
    assert rows(browser, "refusals") == [f"429:rate_limit_exceeded {len(log.of('REFUSED'))}"]
    assert rows(browser, "errors") == [
        f"key_requests {len(log.of('REFUSED'))}",
        f"upstream_503 {len(log.of('ERROR'))}",
    ]


def near_all(values: list[float], within: float = WRITTEN) -> object:
    return pytest.approx(values, rel=within, abs=0.0006)


def test_the_list_of_requests_is_the_log(
    browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures
) -> None:
    shown(browser, desk, "?page=requests")

    assert amount(figure(browser, "Requests")) == len(log.lines)
    assert amount(figure(browser, "Hit rate")) == near(log.hit_rate)
    assert amount(figure(browser, "Saved")) == near(log.dollars("dollars_saved"))
    assert amount(figure(browser, "Spent")) == near(log.dollars("dollars_spent"))
    assert amount(figure(browser, "Tokens used")) == near(log.tokens("MISS", "BYPASS"))
    links = find(browser, "requests").find_elements(By.TAG_NAME, "a")
    listed = {str(link.get_attribute("data-id")) for link in links}
    assert listed == {line["request_id"] for line in log.lines[-50:]}


def test_the_semantic_page_is_that_of_the_log_and_of_what_the_upstream_was_asked(
    browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures
) -> None:
    samples = len(answered(desk.upstream.requests)) - len(log.of("MISS", "BYPASS"))
    shown(browser, desk, "?page=semantic")
    browser.find_element(By.TAG_NAME, "summary").click()

    bands = {low: tuple(map(amount, row)) for low, row in by_name(browser, "bands").items()}
    assert {low: band for low, band in bands.items() if any(band)} == log.bands
    compared = sum(map(sum, log.bands.values()))
    assert amount(card(browser, "Compared by meaning")) == compared
    assert {name: amount(row[1]) for name, row in by_name(browser, "vetoes").items()} == log.vetoes
    assert samples > 0
    assert amount(by_name(browser, "accuracy")["Sampled"][0]) == samples


def test_what_tenants_and_keys_have_used_is_that_of_the_log(
    browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures
) -> None:
    shown(browser, desk, "?page=keys")

    tenants = by_name(browser, "tenants")
    for tenant in ("acme", "globex"):
        own = LogFigures(log.of(tenant=tenant))
        assert [amount(text) for text in tenants[tenant][:4]] == near_all(
            [
                len(own.lines),
                own.hit_rate,
                own.tokens("HIT-EXACT", "HIT-SEMANTIC"),
                own.dollars("dollars_saved"),
            ]
        )
    used = {name.split("\n")[0]: row for name, row in by_name(browser, "keys").items()}
    for name, made in desk.keys.items():
        key = str(made["id"]).partition(".")[2]
        assert amount(used[name][2]) == near(log.tokens("MISS", "BYPASS", key=key))
        assert amount(used[name][3]) == near(log.dollars("dollars_spent", key=key))


def size(path: Path) -> tuple[int, int]:
    """Width and height that a PNG's header tells."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return int(width), int(height)


def test_the_docs_show_every_page_as_it_is(
    browser: webdriver.Chrome, desk: HelpDesk, tmp_path: Path
) -> None:
    guide = (DOCS / "dashboard.md").read_text(encoding="utf-8")
    stale = []
    for name, query, colours, width in PICTURES:
        kept = DOCS / "dashboard" / f"{name}.png"
        screen(browser, width, HEIGHT)
        scheme(browser, colours)
        shown(browser, desk, query)
        if name.startswith("request-"):
            find(browser, "requests").find_element(By.TAG_NAME, "a").click()
            until(browser, lambda: find(browser, "drawer").is_displayed())
        taken = kept if os.environ.get("WRITE_PICTURES") else tmp_path / f"{name}.png"
        picture(browser, taken, whole=name.split("-")[0] not in PARTLY)
        assert f"dashboard/{name}.png" in guide
        if abs(size(taken)[1] / size(kept)[1] - 1) > 0.1 or size(taken)[0] != size(kept)[0]:
            stale.append(name)

    assert stale == [], "run `make screenshots`"
