"""The documentation's site, and what a release publishes, are built from the checkout."""

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from infra import release
from infra.tools import ROOT

from servers.requirements import require_tool


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site; a broken link fails."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_no_broken_link(site: Path) -> None:
    assert "What is Rust?" in (site / "index.html").read_text(encoding="utf-8")


def test_the_site_names_no_other_host_for_scripts_and_fonts(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")

    assert 'script src="http' not in page
    assert "fonts.googleapis" not in page


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_tool("uv")
    folder = tmp_path_factory.mktemp("release")
    release.build(folder)
    return folder


def test_the_wheel_holds_the_package_and_nothing_else(released: Path) -> None:
    wheel = next(released.glob("dist/*.whl"))

    names = ZipFile(wheel).namelist()

    assert {name.split("/")[0].partition("-")[0] for name in names} == {"llm_cache_proxy"}
    assert any(name.endswith(".lua") for name in names)
    assert "llm_cache_proxy/py.typed" in names


def test_the_bill_of_materials_lists_what_is_installed(released: Path) -> None:
    bill = json.loads((released / "sbom.cdx.json").read_text(encoding="utf-8"))

    named = {component["name"] for component in bill["components"]}

    assert bill["bomFormat"] == "CycloneDX"
    assert {"redis", "click", "onnxruntime"} <= named
    assert "pytest" not in named
