"""Pages of the documentation's site."""

from pathlib import Path

import pytest
import yaml
from infra.site_pages import ROOT, decisions_page, site_text


@pytest.mark.parametrize(
    ("source", "text", "shown"),
    [
        ("README.md", "[a](docs/deploy.md#x)", "[a](deploy.md#x)"),
        ("README.md", "[a](docs/decisions)", "[a](decisions/index.md)"),
        ("README.md", "[a](examples)", "a"),
        ("README.md", "[a](https://example.com/x)", "[a](https://example.com/x)"),
        ("docs/faq.md", "[a](../README.md)", "[a](index.md)"),
        (
            "docs/decisions/0001-starlette-without-fastapi.md",
            "[a](../deploy.md)",
            "[a](../deploy.md)",
        ),
        ("README.md", '<img src="docs/cost.svg">', '<img src="cost.svg">'),
        ("README.md", "```sh not run: it takes minutes\n", "```sh\n"),
    ],
)
def test_a_link_leads_to_its_page_on_the_site(source: str, text: str, shown: str) -> None:
    assert site_text(text, Path(source)) == shown


def test_a_link_that_leads_nowhere_is_left_for_the_build_to_find() -> None:
    assert site_text("[a](docs/gone.md)", Path("README.md")) == "[a](docs/gone.md)"


def test_every_decision_is_listed() -> None:
    for path in (ROOT / "docs/decisions").glob("*.md"):
        assert f"({path.name})" in decisions_page()


def test_every_page_of_the_docs_is_in_the_navigation() -> None:
    navigation = str(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])

    missing = [path.name for path in (ROOT / "docs").glob("*.md") if path.name not in navigation]

    assert missing == []
