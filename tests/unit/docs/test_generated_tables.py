"""The docs say what the code says."""

import re
from pathlib import Path

import pytest
from infra.generated_tables import FILES, ROOT, TABLES, rendered

SOURCES = ROOT / "layers/shared/llm_cache_proxy"


@pytest.mark.parametrize("name", FILES)
def test_no_generated_table_is_stale(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert text == rendered(text), "stale: run `make docs`"


def test_every_generated_table_is_in_a_page() -> None:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in FILES]

    for table in TABLES:
        assert any(f"<!-- generated: {table} -->" in text for text in texts), table


@pytest.mark.parametrize("source", ["api/http/answers.py", "domain/requests/controls.py"])
def test_the_readme_lists_every_header_of_ours(source: str) -> None:
    named = set(re.findall(r'"(x-[a-z-]+[a-z])"', (SOURCES / source).read_text(encoding="utf-8")))
    ours = named - {"x-accel-buffering"}  # nginx's
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert ours
    assert {name for name in ours if f"`{name}" not in readme} == set()


def test_every_link_between_the_docs_leads_somewhere() -> None:
    lost = [
        (name, target)
        for name in FILES
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / name).read_text("utf-8"))
        if not (ROOT / Path(name).parent / target).exists()
    ]

    assert lost == []
