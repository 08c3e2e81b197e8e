"""Decisions are numbered from 1 on, and what names one by number names one that is there."""

import re

from infra.generated_tables import ROOT

FOLDERS = ("docs", "layers", "functions", "infra", "benchmarks", "tests")
TEXTS = (".md", ".py", ".lua", ".js", ".yaml")

NUMBERS = sorted(path.name[:4] for path in (ROOT / "docs/decisions").iterdir())


def test_decisions_are_numbered_one_after_the_other() -> None:
    assert [f"{number:04}" for number in range(1, len(NUMBERS) + 1)] == NUMBERS


def test_every_decision_named_by_its_number_is_there() -> None:
    named = {
        number
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in TEXTS
        for number in re.findall(r"decisions/(\d{4})", path.read_text(encoding="utf-8"))
    }

    assert named
    assert named <= set(NUMBERS)
