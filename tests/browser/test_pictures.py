"""The docs' pictures of every page, taken from the real thing by `make screenshots`.

Before a picture is taken, every number on its page is compared with the log of the requests.
"""

import json
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser.conftest import picture, scheme, screen
from browser.help_desk import MINI, HelpDesk, help_desk
from browser.log_figures import LogFigures
from browser.numbers.lines import check_entries, check_request, check_requests, check_veto
from browser.numbers.overview import check_of_a_model, check_overview
from browser.numbers.semantic_and_keys import check_keys, check_semantic
from browser.page import find, until
from servers.proxy.keyed import ADMIN_KEY

pytestmark = pytest.mark.browser

DOCS = Path(__file__).parents[2] / "docs"
WIDTH, HEIGHT = 1280, 860
Check = Callable[[webdriver.Chrome, HelpDesk, LogFigures], None]


@dataclass(frozen=True)
class Picture:
    """One of the docs', and what compares the page's numbers with the log."""

    name: str
    query: str
    check: Check
    colours: str = "light"
    width: int = WIDTH

    @property
    def page(self) -> str:
        return self.name.partition("-")[0]


PICTURES = (
    Picture("overview-light", "?page=overview", check_overview),
    Picture("overview-dark", "?page=overview", check_overview, "dark"),
    Picture("overview-narrow", "?page=overview", check_overview, "dark", 390),
    Picture("requests-light", "?page=requests", check_requests),
    Picture("request-light", "?page=requests&result=HIT-SEMANTIC", check_request),
    Picture("veto-light", "?page=requests&search=guard:", check_veto),
    Picture("entries-light", "?page=entries", check_entries),
    Picture("semantic-light", "?page=semantic", check_semantic),
    Picture("keys-light", "?page=keys", check_keys),
)
PARTLY = ("requests", "request", "veto", "entries")
"""Pages that are long lists: what the window shows is enough."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelpDesk]:
    with help_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="module")
def log(desk: HelpDesk) -> LogFigures:
    text = (desk.folder / "requests.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    return LogFigures(
        [
            line | {"time": line["time"] - desk.moved_seconds(place)}
            for place, line in enumerate(lines)
        ]
    )


def shown(browser: webdriver.Chrome, desk: HelpDesk, query: str) -> None:
    """Open a page of the desk's, with the key."""
    browser.get(f"{desk.proxy.url}/docs/docs.css")  # of the same origin, and no page
    browser.execute_script(f"sessionStorage.setItem('llm-cache-proxy-admin-key', '{ADMIN_KEY}')")
    browser.get(f"{desk.proxy.url}/dashboard{query}")
    until(browser, lambda: find(browser, "updated").text)


def size(path: Path) -> tuple[int, int]:
    """Width and height that a PNG's header tells."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return int(width), int(height)


CLOSE = "for (const one of document.querySelectorAll('details')) one.open = false"


@pytest.mark.parametrize("wanted", PICTURES, ids=lambda wanted: wanted.name)
def test_the_docs_show_a_page_whose_numbers_are_those_of_the_log(
    browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures, tmp_path: Path, wanted: Picture
) -> None:
    kept = DOCS / "dashboard" / f"{wanted.name}.png"
    screen(browser, wanted.width, HEIGHT)
    scheme(browser, wanted.colours)
    shown(browser, desk, wanted.query)
    if wanted.page in {"request", "veto"}:
        find(browser, "requests").find_element(By.TAG_NAME, "a").click()
        until(browser, lambda: find(browser, "drawer").is_displayed())

    wanted.check(browser, desk, log)

    browser.execute_script(CLOSE)
    taken = kept if os.environ.get("WRITE_PICTURES") else tmp_path / kept.name
    picture(browser, taken, whole=wanted.page not in PARTLY)
    assert f"dashboard/{kept.name}" in (DOCS / "dashboard.md").read_text(encoding="utf-8")
    assert size(taken)[0] == size(kept)[0]
    assert size(taken)[1] / size(kept)[1] == pytest.approx(1, abs=0.1), "run `make screenshots`"


def test_the_figures_of_one_model_are_those_of_its_lines(
    browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures
) -> None:
    shown(browser, desk, f"?page=overview&model={MINI}")

    check_of_a_model(browser, desk, log)
