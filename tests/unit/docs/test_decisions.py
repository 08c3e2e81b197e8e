"""Decisions are numbered from 1 on, and what names one by number names one that is there."""

import re

from infra.generated_tables import ROOT

FOLDERS = ("docs", "layers", "functions", "infra", "benchmarks", "tests")
TEXTS = (".md", ".py", ".lua", ".js", ".yaml")

DECISIONS = sorted((ROOT / "docs/decisions").iterdir())
NUMBERS = [path.name[:4] for path in DECISIONS]


def test_decisions_are_numbered_one_after_the_other() -> None:
    assert [f"{number:04}" for number in range(1, len(NUMBERS) + 1)] == NUMBERS


def test_a_decisions_number_stands_in_its_files_name_alone() -> None:
    headings = [path.read_text(encoding="utf-8").partition("\n")[0] for path in DECISIONS]

    assert [heading for heading in headings if not re.match(r"# [^\W\d]", heading)] == []


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
