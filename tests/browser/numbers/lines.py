"""The numbers of the list of requests, of one that is opened, and of the entries."""

from collections.abc import Sequence

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser.help_desk import ANSWERS, HelpDesk, usage_of
from browser.log_figures import HITS, USING, Line, LogFigures
from browser.numbers.written import NOTHING, TWO_DIGITS, amount, near
from browser.page import cells, figure, find

BADGES = {
    "HIT-EXACT": "Exact hit",
    "HIT-SEMANTIC": "Semantic hit",
    "MISS": "Miss",
    "BYPASS": "Bypass",
    "ERROR": "Failed",
    "REFUSED": "Refused",
}


def check_lines(browser: webdriver.Chrome, element_id: str, lines: Sequence[Line]) -> None:
    """Rows of requests, cell by cell."""
    shown = cells(browser, element_id)
    assert len(shown) == len(lines) > 0
    for row, line in zip(shown, lines, strict=True):
        _, result, status, model, similarity, tokens, dollars, took, tenant = row
        assert result.split("\n") == [BADGES[line["result"]], line["reason"]]
        assert (status, tenant) == (str(line["status"]), line["tenant"])
        assert model == line["model"]
        written = line.get("similarity")
        assert similarity == (NOTHING if written is None else f"{written:.4f}")
        if "prompt_tokens" in line:
            assert amount(tokens) == line["prompt_tokens"] + line["completion_tokens"]
        else:
            assert tokens == NOTHING
        kind = next((kind for kind in ("saved", "spent") if f"dollars_{kind}" in line), None)
        if kind is None:
            assert dollars == NOTHING
        else:
            assert dollars.endswith(f" {kind}")
            assert amount(dollars) == near(line[f"dollars_{kind}"])
        assert amount(took) == near(line["latency_ms"], TWO_DIGITS)


def check_requests(browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures) -> None:
    """The figures of all requests, and each row of the first page."""
    assert len(log.lines) == desk.sent
    check_figures(browser, log)
    check_lines(browser, "requests", log.lines[:-51:-1])


def check_figures(browser: webdriver.Chrome, log: LogFigures) -> None:
    assert amount(figure(browser, "Requests")) == len(log.lines)
    assert amount(figure(browser, "Hit rate")) == near(log.hit_rate)
    assert amount(figure(browser, "Saved")) == near(log.dollars("dollars_saved"))
    assert amount(figure(browser, "Spent")) == near(log.dollars("dollars_spent"))
    assert amount(figure(browser, "Tokens saved")) == near(log.tokens(*HITS))
    assert amount(figure(browser, "Tokens used")) == near(log.tokens(*USING))


def check_request(browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures) -> None:
    """The newest semantic hit, opened: similarity, tokens, dollars and times, and both prompts."""
    hits = log.of("HIT-SEMANTIC")
    check_figures_of_hits(browser, LogFigures(hits))
    line = hits[-1]
    prompt = desk.asked[log.lines.index(line)].prompt
    body = find(browser, "drawer-body").text
    said = dict(browser.execute_script(DRAWER_FACTS))
    assert f"Cosine similarity {line['similarity']:.4f} ≥ threshold 0.90" in body
    assert said["Status"] == str(line["status"])
    assert [amount(part) for part in said["Tokens"].split(", ")] == [
        line["prompt_tokens"],
        line["completion_tokens"],
    ]
    assert amount(said["Dollars"]) == near(line["dollars_saved"])
    assert amount(said["Began after"]) == near(line["latency_ms"], TWO_DIGITS)
    assert amount(said["Ended after"]) == near(line["duration_ms"], TWO_DIGITS)
    panes = [pane.text for pane in browser.find_elements(By.CSS_SELECTOR, "#drawer .text")]
    assert panes[0] == prompt
    assert panes[1] != prompt
    assert ANSWERS[panes[1]] == panes[2] == ANSWERS[prompt]


def check_veto(browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures) -> None:
    """The newest vetoed miss, opened: both prompts, the rule and the cosine that decided."""
    line = [line for line in log.of("MISS") if line["reason"].startswith("guard:")][-1]
    near = desk.read("admin/entries/show", entry=line["nearest"], texts="true")
    body = find(browser, "drawer-body").text
    assert f"The guard's rule “{line['reason'].partition(':')[2]}” saw the difference." in body
    assert f"Cosine similarity {line['similarity']:.4f} ≥ threshold 0.90" in body
    panes = [pane.text for pane in browser.find_elements(By.CSS_SELECTOR, "#drawer .text")]
    assert panes == [desk.asked[log.lines.index(line)].prompt, near["prompt"]]
    assert panes[0] != panes[1]


def check_figures_of_hits(browser: webdriver.Chrome, hits: LogFigures) -> None:
    assert amount(figure(browser, "Requests")) == len(hits.lines)
    assert figure(browser, "Hit rate") == "100 %"
    assert amount(figure(browser, "Saved")) == near(hits.dollars("dollars_saved"))
    assert amount(figure(browser, "Tokens saved")) == near(hits.tokens(*HITS))


DRAWER_FACTS = """
  return [...document.querySelectorAll("#drawer .facts > div")].map((one) =>
    [one.querySelector("dt").innerText, one.querySelector("dd").innerText]);
"""


def check_entries(browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures) -> None:
    """Each entry is the newest answer that was stored under its prompt, model and tenant."""
    stored: dict[tuple[str, str, str], int] = {}
    for place, line in enumerate(log.lines):
        if line["result"] == "MISS":
            stored[desk.asked[place].prompt, line["model"], line["tenant"]] = place
    shown = cells(browser, "entries")
    assert amount(find(browser, "matched").text) == len(stored) == len(shown)
    assert {(prompt, model, tenant) for prompt, model, _, tenant, *_ in shown} == set(stored)
    now = float(browser.execute_script("return Date.now() / 1000"))
    for prompt, model, tags, tenant, age, _, tokens in shown:
        place = stored[prompt, model, tenant]
        assert "".join(tags.split()) == "".join(desk.asked[place].tags)
        assert amount(tokens) == usage_of(prompt)["total_tokens"]
        minutes = (now - log.lines[place]["time"]) / 60
        assert minutes_of(age) == pytest.approx(minutes, abs=1.5)


def minutes_of(age: str) -> float:
    """An age in the largest unit that fits."""
    size, unit = age.split()
    return float(size) * {"s": 1 / 60, "min": 1, "h": 60}[unit]
