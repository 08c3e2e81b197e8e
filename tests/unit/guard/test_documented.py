from pathlib import Path

import pytest

from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.rules import RULES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "semantic-accuracy.md"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_tells_of_each_rule(rule: Rule) -> None:
    a, b = rule.vetoes[0]

    row = f"| `{rule.name}` | {rule.looks_at} | {a} / {b} |"

    assert row in PAGE.read_text(encoding="utf-8"), f"docs/semantic-accuracy.md lacks: {row}"


def test_the_page_tells_of_no_other_rule() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| rule | looks at | such as |") + 2
    table = lines[start : lines.index("", start)]

    assert len(table) == len(RULES)
