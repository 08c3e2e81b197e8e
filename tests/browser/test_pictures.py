"""The README's pictures of the dashboard, taken from the real page by `make screenshots`."""

import os
import struct
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from browser.conftest import picture, scheme, screen
from servers.thread import ThreadServer

DOCS = Path(__file__).parents[2] / "docs"
WIDTH = 1100


def size(path: Path) -> tuple[int, int]:
    """Width and height that a PNG's header tells."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return int(width), int(height)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_readme_shows_the_page_as_it_is(
    colours: str, browser: webdriver.Chrome, open_dashboard: ThreadServer, tmp_path: Path
) -> None:
    shown = DOCS / f"dashboard-{colours}.png"
    screen(browser, WIDTH, 900)
    scheme(browser, colours)

    browser.get(f"{open_dashboard.url}/dashboard")
    WebDriverWait(browser, 10).until(
        lambda page: "%" in page.find_element(By.TAG_NAME, "main").text
    )
    taken = shown if os.environ.get("WRITE_PICTURES") else tmp_path / "taken.png"
    picture(browser, taken)

    assert f"docs/{shown.name}" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert size(shown) == size(taken), "stale: run `make screenshots`"
