"""What a release says of itself."""

from pathlib import Path

import pytest
import yaml
from infra.release import NotReleasable, changes_of, project_version
from infra.tools import ROOT

CHANGELOG = """# Changelog

## 0.2.0 (2027-01-31)

- New.

## 0.1.0 (2026-11-29)

- First.
"""


@pytest.mark.parametrize(("version", "text"), [("0.2.0", "- New.\n"), ("0.1.0", "- First.\n")])
def test_a_release_has_the_text_under_its_heading(version: str, text: str) -> None:
    assert changes_of(version, CHANGELOG) == text


@pytest.mark.parametrize("version", ["0.3.0", "0.1", "0.1.0rc1"])
def test_a_version_without_a_heading_is_not_released(version: str) -> None:
    with pytest.raises(NotReleasable, match="needs a heading"):
        changes_of(version, CHANGELOG)


def test_the_changelog_speaks_of_the_version_of_the_package() -> None:
    assert changes_of(project_version(), (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path", sorted([*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]), ids=str
)
def test_what_the_forge_and_the_hooks_read_is_well_formed(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_ci_runs_the_script_that_anyone_can_run() -> None:
    for name in ("ci.yml", "release.yml"):
        workflow = yaml.safe_load((ROOT / ".github/workflows" / name).read_text(encoding="utf-8"))
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]

        assert any(".ci/run" in step.get("run", "") for step in steps)
