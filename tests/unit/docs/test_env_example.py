"""The example of a .env file."""

from pathlib import Path

from dotenv import dotenv_values
from infra.env_example import FILE, example

from llm_cache_proxy.settings import Settings


def test_the_example_is_fresh() -> None:
    assert FILE.read_text(encoding="utf-8") == example(), "stale: run `make docs`"


def test_the_example_sets_nothing_as_it_stands() -> None:
    assert dotenv_values(FILE) == {}


def test_with_its_marks_taken_away_it_holds_every_setting_at_its_default(tmp_path: Path) -> None:
    names = {name.upper() for name in Settings.model_fields}
    lines = [
        line.removeprefix("# ")
        for line in FILE.read_text(encoding="utf-8").splitlines()
        if line.removeprefix("# ").partition("=")[0] in names
    ]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")

    found = dotenv_values(tmp_path / ".env")

    assert set(found) == names
    given = {name.lower(): value for name, value in found.items() if value}
    assert Settings.model_validate(given) == Settings.model_validate({})
