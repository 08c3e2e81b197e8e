"""Numbers as the pages write them, read back."""

import re
from collections.abc import Sequence

import pytest
from selenium import webdriver

from browser.page import cells

WRITTEN = 0.006
"""How far a written number may be from the exact one: three digits are shown."""
TWO_DIGITS = 0.06
"""The same where two digits are shown."""
BUCKET = 0.11
"""The same for a latency's percentile: buckets are 5 % wide, and two digits are shown."""
NOTHING = "–"


def amount(text: str) -> float:
    """A written number: dollars, percent, thousands or milliseconds."""
    found = re.search(r"(-?[\d,.]+)\s*(K|%|s\b)?", text.replace("$", ""))
    assert found is not None, text
    factor = {"K": 1e3, "%": 0.01, "s": 1e3, None: 1}[found[2]]
    return float(found[1].replace(",", "")) * factor


def amounts(texts: Sequence[str]) -> list[float]:
    return [amount(text) for text in texts]


def near(value: object, within: float = WRITTEN) -> object:
    return pytest.approx(value, rel=within, abs=0.0006)


def by_name(browser: webdriver.Chrome, element_id: str) -> dict[str, list[str]]:
    """A table's cells by the name of their row."""
    return {name: rest for name, *rest in cells(browser, element_id)}
