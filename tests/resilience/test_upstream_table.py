"""The page on upstream failures says what happens."""

from resilience.upstream_table import PAGE, page


def test_the_page_on_upstream_failures_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "stale: run `make failures`"
