"""The numbers of the semantic tier's page, and of tenants and keys."""

import re

from selenium import webdriver
from selenium.webdriver.common.by import By

from browser.help_desk import ANSWERS, HelpDesk
from browser.log_figures import HITS, USING, LogFigures, answered, paid
from browser.numbers.written import NOTHING, amount, amounts, by_name, near
from browser.page import card, cells, facts, find, until

WRONG = "Wrong among them"


def check_semantic(browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures) -> None:
    """The histogram and its table, fates, vetoes, and samples with their interval."""
    samples = len(answered(desk.upstream.requests)) - len(log.of(*USING))
    for summary in browser.find_elements(By.CSS_SELECTOR, "details:not([open]) summary"):
        summary.click()
    until(browser, lambda: cells(browser, "bands")[0][1])

    bands = {low: tuple(amounts(row)) for low, row in by_name(browser, "bands").items()}
    assert {low: band for low, band in bands.items() if any(band)} == log.bands
    served, vetoed, others = (sum(fate) for fate in zip(*log.bands.values(), strict=True))
    compared = served + vetoed + others
    assert amount(card(browser, "Compared semantically")) == compared
    assert amounts(facts(browser, "cards", "Served")) == near([served, served / compared])
    assert amounts(facts(browser, "cards", "Vetoed")) == near([vetoed, vetoed / compared])
    assert card(browser, "Threshold") == "0.90"
    label = str(find(browser, "histogram").get_attribute("aria-label"))
    assert [float(number) for number in re.findall(r"\d+", label)] == [compared, served]
    assert {name: amount(row[1]) for name, row in by_name(browser, "vetoes").items()} == log.vetoes

    wrong = wrong_samples(desk, log)
    checked = by_name(browser, "accuracy")
    assert samples > 0
    assert amount(checked["Sampled"][0]) == samples
    shown = [amount(f"{share} %") for share in re.findall(r"([\d.]+) %(?!:)", checked[WRONG][0])]
    assert shown == near([wrong / samples, *wilson(wrong, samples)])
    assert amounts(facts(browser, "cards", "Wrong of samples")) == near([wrong / samples, samples])


def wrong_samples(desk: HelpDesk, log: LogFigures) -> int:
    """Semantic hits whose stored prompt has another answer at this help desk."""
    wrong = 0
    for place, line in enumerate(log.lines):
        if line["result"] == "HIT-SEMANTIC":
            entry = desk.read("admin/entries/show", entry=line["entry"], texts="true")
            wrong += ANSWERS[entry["prompt"]] != ANSWERS[desk.asked[place].prompt]
    return wrong


def wilson(wrong: int, samples: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    share, square = wrong / samples, z * z / samples
    middle = share + square / 2
    half = z * ((share * (1 - share) + square / 4) / samples) ** 0.5
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


def check_keys(browser: webdriver.Chrome, desk: HelpDesk, log: LogFigures) -> None:
    """Tenants' totals, and what each key has used of its limits."""
    answers = answered(desk.upstream.requests)
    tenants = by_name(browser, "tenants")
    assert set(tenants) == {"acme", "globex"}
    for tenant in tenants:
        own = LogFigures(log.of(tenant=tenant))
        # Of each model one tenant asks, so that what the upstream was asked is theirs.
        models = {line["model"] for line in own.lines}
        spent = paid(answer for answer in answers if answer[0] in models)
        assert amounts(tenants[tenant][:5]) == near(
            [
                len(own.lines),
                own.hit_rate,
                own.tokens(*HITS),
                own.dollars("dollars_saved"),
                spent,
            ]
        )
        assert tenants[tenant][5:] == [NOTHING, "0"]  # no threshold was raised, no pair barred
    used = {name.split("\n")[0]: row for name, row in by_name(browser, "keys").items()}
    assert set(used) == set(desk.keys)
    for name, made in desk.keys.items():
        key, row = str(made["id"]).partition(".")[2], used[name]
        asked = [line for line in log.of(key=key) if line["result"] != "REFUSED"]
        assert 0 <= amount(row[1]) <= len(asked)  # of this minute, which the log's times have left
        assert amount(row[2]) == near(log.tokens(*USING, key=key))
        assert amount(row[3]) == near(log.dollars("dollars_spent", key=key))
        for shown, limit in zip(row[1:4], made["limits"].values(), strict=True):
            assert shown.endswith("no limit") if limit is None else limit_in(shown) == near(limit)


def limit_in(text: str) -> float:
    return amount(text.partition(" of ")[2])
