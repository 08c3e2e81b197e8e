"""What a test needs of the machine: named when it is missing, and never missing where CI is set."""

import os
import shutil

import pytest


def require_program(name: str) -> str:
    """The program's path; without it the test is skipped, or fails where CI is set."""
    path = shutil.which(name)
    if path is not None:
        return path
    missing = f"needs the program {name}, which is not installed"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
