"""What ships: checked for unsafe calls, and made of packages whose licences let anyone use it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
PERMISSIVE = re.compile(r"\b(?:MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|Unlicense)\b")
# Copyleft by the file: using one unchanged binds nothing around it.
BY_FILE = {"certifi": "MPL", "tqdm": "MPL"}


def test_bandit_finds_nothing_unsafe_in_what_ships() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "-q", "-c", "pyproject.toml", "-r",
         "layers/shared/llm_cache_proxy", "functions"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout


def shipped() -> list[str]:
    """Every package that is installed with the proxy, by name."""
    found: dict[str, None] = {}
    left = ["llm-cache-proxy"]
    while left:
        name = left.pop()
        for needed in needs(name):
            if needed not in found:
                found[needed] = None
                left.append(needed)
    return sorted(found)


def needs(name: str) -> Iterator[str]:
    for line in distribution(name).requires or ():
        required = Requirement(line)
        marker = required.marker
        if marker is None or marker.evaluate({"extra": ""}):
            yield required.name


@pytest.mark.parametrize("name", shipped())
def test_the_licence_of_what_ships_is_permissive(name: str) -> None:
    try:
        metadata = distribution(name).metadata
    except PackageNotFoundError:
        pytest.fail(f"{name} is needed and not installed")
    classifiers = metadata.get_all("Classifier") or []
    expressions = metadata.get_all("License-Expression") or []
    answer = " ".join([*expressions, *(item for item in classifiers if "License" in item)])
    answer = answer or " ".join(metadata.get_all("License") or [])[:200]

    assert PERMISSIVE.search(answer) or BY_FILE.get(name, "-") in answer, answer
    assert not re.search(r"\b(?:A?GPL|LGPL|SSPL|BUSL)", answer), answer
