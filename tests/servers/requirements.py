"""What a test needs of the machine: named when it is missing, and never missing where CI is set."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from infra.tools import NotInstalled, environment


def require_program(name: str) -> str:
    """The program's path; without it the test is skipped, or fails where CI is set."""
    path = shutil.which(name)
    if path is None:
        missing(f"needs the program {name}, which is not installed")
    return path


def require_tool(name: str) -> Path:
    """The environment of a tool of infra/tools.py, installed where it is missing; the same."""
    try:
        return environment(name)
    except NotInstalled as exc:
        missing(f"needs {exc}")


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it where CI is set."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
