"""The overview's numbers: of everything, and of one model."""

from collections import Counter
from collections.abc import Sequence

from selenium import webdriver
from selenium.webdriver.common.by import By

from browser.help_desk import MINI, OWN, STEP_SECONDS, HelpDesk
from browser.log_figures import HITS, USING, Line, LogFigures, answered, paid
from browser.numbers.lines import BADGES, check_lines
from browser.numbers.written import BUCKET, NOTHING, amount, amounts, by_name, near
from browser.page import card, cells, facts, find, rows, until

NAMES = {
    "Exact hits": "HIT-EXACT",
    "Semantic hits": "HIT-SEMANTIC",
    "Misses": "MISS",
    "Bypasses": "BYPASS",
    "Failed": "ERROR",
    "Refused": "REFUSED",
}
KINDS = (("HIT-EXACT",), ("HIT-SEMANTIC",), ("MISS",), ("ERROR", "REFUSED"), ("BYPASS",))
"""The columns of the charts."""


def check_overview(browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures) -> None:
    """Cards, charts, tiers, latencies, models, newest requests, refusals and failures."""
    answers = answered(desk.upstream.requests)
    rate, requests = facts(browser, "cards", "Hit rate"), facts(browser, "cards", "Requests")
    assert amounts(rate) == near([log.hit_rate, log.hit_rate])  # of the hour, and of all time
    assert amounts(requests) == [len(log.lines), len(log.lines)]
    assert amounts(facts(browser, "cards", "Dollars saved")) == near(
        [log.dollars("dollars_saved"), paid(answers)]
    )
    assert amounts(facts(browser, "cards", "Tokens saved")) == near(
        [log.tokens(*HITS), sum(used["total_tokens"] for _, used in answers)]
    )
    stored = len(log.looked_up)  # the others replaced theirs
    assert amounts(facts(browser, "cards", "Entries")) == [stored, stored]
    tiers = by_name(browser, "tiers")
    assert {name: amounts(row) for name, row in tiers.items()} == {
        name: near([len(log.of(result)), len(log.of(result)) / len(log.lines)])
        for name, result in NAMES.items()
    }
    check_latencies(browser, log)
    check_models(browser, log, answers)
    check_series(browser, log)
    check_lines(browser, "recent", log.lines[: -1 - len(cells(browser, "recent")) : -1])
    assert rows(browser, "refusals") == [f"429:rate_limit_exceeded {len(log.of('REFUSED'))}"]
    refused = Counter(key_requests=len(log.of("REFUSED")))  # whose lines say so by their reason
    assert failures_on(browser) == log.failures + refused
    trips = [row[3] for row in by_name(browser, "parts").values()]
    assert set(trips) <= {"0", NOTHING}  # no breaker opened: nothing of the cache failed


def failures_on(browser: webdriver.Chrome) -> dict[str, float]:
    return {kind: amount(row[1]) for kind, row in by_name(browser, "errors").items()}


def check_latencies(browser: webdriver.Chrome, log: LogFigures) -> None:
    shown = by_name(browser, "latency")
    seen = {result for result in BADGES if log.of(result)} - {"REFUSED"}
    assert set(shown) == {BADGES[result] for result in seen}
    for result in seen:
        wanted = [log.percentile(result, share) for share in (0.5, 0.9, 0.99)]
        assert amounts(shown[BADGES[result]][:3]) == near(wanted, BUCKET), result


def check_models(
    browser: webdriver.Chrome, log: LogFigures, answers: Sequence[tuple[str, dict[str, int]]]
) -> None:
    """By model; `answers` are what the upstream gave, samples among them."""
    shown = by_name(browser, "models")
    used = {model for model, _ in answers} | {line["model"] for line in log.of(*HITS)}
    assert set(shown) == used
    for model in used:
        own = [answer for answer in answers if answer[0] == model]
        saved, spent = log.dollars("dollars_saved", model=model), paid(own)
        assert amounts(shown[model][:4]) == near(
            [
                len(log.of(*HITS, model=model)),
                len(own),
                log.tokens(*HITS, model=model),
                sum(used["total_tokens"] for _, used in own),
            ]
        )
        if model == OWN:
            assert shown[model][4:] == ["price unknown", "price unknown"]
        else:
            assert amounts(shown[model][4:]) == near([saved, spent])
    assert find(browser, "unpriced").text.endswith(f": {OWN}.") == (OWN in used)


def check_series(browser: webdriver.Chrome, log: LogFigures) -> None:
    """The charts: their labels, and the table of the same figures."""
    for summary in browser.find_elements(By.CSS_SELECTOR, "details:not([open]) summary"):
        summary.click()
    until(browser, lambda: cells(browser, "series")[-1][1])
    shown = [row[1:] for row in reversed(cells(browser, "series"))]
    label = str(find(browser, "requests").get_attribute("aria-label"))
    assert amount(label) == len(log.lines)
    # A request may be counted in the step after the one in which it came.
    late = sum(line["time"] % STEP_SECONDS > STEP_SECONDS - 5 for line in log.lines)
    begun = int(browser.execute_script(FIRST_STEP))
    for place, row in enumerate(shown):
        start = begun + place * STEP_SECONDS
        own = LogFigures([x for x in log.lines if start <= x["time"] < start + STEP_SECONDS])
        wanted = [len(own.of(*results)) for results in KINDS]
        if late:
            assert sum(abs(a - b) for a, b in zip(amounts(row[:5]), wanted, strict=True)) <= late
            continue
        assert amounts(row[:5]) == wanted
        if own.of(*HITS) or own.looked_up:
            assert amount(row[5]) == near(own.hit_rate)
        else:
            assert row[5] == NOTHING
    for column, results in enumerate(KINDS):
        assert sum(amount(row[column]) for row in shown) == len(log.of(*results))


FIRST_STEP = """
  const now = Date.now() / 1000, step = 300;
  const label = document.querySelector("#series tr:last-child th").innerText;
  let start = Math.floor(now / step) * step;
  const said = (at) => new Date(at * 1000).toLocaleTimeString([],
    { hour: "2-digit", minute: "2-digit", hour12: false });
  while (said(start) !== label) start -= step;
  return start;
"""


def check_of_a_model(browser: webdriver.Chrome, _: HelpDesk, log: LogFigures) -> None:
    """The overview of one model: from the lines, whatever samples cost besides."""
    own = LogFigures(log.of(model=MINI))
    said = find(browser, "figures-of").text
    assert said == f"Of all {len(log.lines)} requests in this time, those of {MINI}."
    assert amount(card(browser, "Requests")) == len(own.lines)
    assert amount(card(browser, "Hit rate")) == near(own.hit_rate)
    assert amounts(facts(browser, "cards", "Dollars saved")) == near(
        [own.dollars("dollars_saved"), own.dollars("dollars_spent")]
    )
    assert amounts(facts(browser, "cards", "Tokens saved")) == near(
        [own.tokens(*HITS), own.tokens(*USING)]
    )
    tiers = by_name(browser, "tiers")
    results = Counter(line["result"] for line in own.lines)
    shown = {name: row[0] for name, row in tiers.items() if amount(row[0])}
    assert {NAMES[name]: amount(count) for name, count in shown.items()} == results
    check_latencies(browser, own)
    answers = [(MINI, usage_as_logged(line)) for line in own.of(*USING)]
    check_models(browser, own, answers)
    check_lines(browser, "recent", own.lines[: -1 - len(cells(browser, "recent")) : -1])
    assert failures_on(browser) == own.failures


def usage_as_logged(line: Line) -> dict[str, int]:
    prompt, completion = line["prompt_tokens"], line["completion_tokens"]
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
