"""`python -m infra.release`: everything that a release publishes, in build/release.

The wheel and the source archive, a software bill of materials (CycloneDX) of what uv.lock installs,
the version, and what CHANGELOG.md says of it. Publishes nothing.
"""
# ruff: noqa: S603 - starts uv with arguments of its own

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from infra.tools import ROOT, found_or_installed

FOLDER = ROOT / "build/release"


class NotReleasable(Exception):
    """The checkout is not what a release is made of; the message says what is missing."""


def main() -> int:
    """Exit status 1: the changelog has no heading for the version."""
    try:
        version = project_version()
        changes = changes_of(version, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    except NotReleasable as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    build(FOLDER)
    (FOLDER / "version.txt").write_text(f"{version}\n", encoding="utf-8")
    (FOLDER / "changes.md").write_text(changes, encoding="utf-8")
    names = sorted(str(path.relative_to(ROOT)) for path in FOLDER.rglob("*") if path.is_file())
    sys.stdout.write("\n".join([*names, ""]))
    return 0


def project_version() -> str:
    """The version that pyproject.toml gives."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def changes_of(version: str, changelog: str) -> str:
    """What stands under a version's heading. Raises NotReleasable where there is none."""
    heading = rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise NotReleasable(f'CHANGELOG.md needs a heading "## {version} (YYYY-MM-DD)" with text.')
    return found[1].strip() + "\n"


def build(folder: Path) -> None:
    """Write the wheel, the source archive and the bill of materials."""
    shutil.rmtree(folder, ignore_errors=True)
    uv = found_or_installed("uv")
    _run([uv, "build", "--quiet", "--out-dir", str(folder / "dist")])
    _run([uv, "export", "--quiet", "--locked", "--no-dev", "--format", "cyclonedx1.5",
          "--output-file", str(folder / "sbom.cdx.json")])  # fmt: skip
    (folder / "dist/.gitignore").unlink(missing_ok=True)


def _run(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)


if __name__ == "__main__":
    sys.exit(main())
