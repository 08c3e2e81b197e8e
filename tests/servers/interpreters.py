"""Interpreters of this machine, by version."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SAY_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def require_python(version: str) -> str:
    """Path of an interpreter of this version; the test is skipped where there is none.

    There too where CI is set: its matrix has each version, and one machine need not have both.
    """
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return sys.executable
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for path in (shutil.which(f"python{version}"), *map(str, pyenv)):
        if path is not None and _version(path) == version:
            return path
    pytest.skip(f"needs Python {version}, which is not installed")


def _version(path: str) -> str:
    done = subprocess.run(
        [path, "-c", _SAY_VERSION], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout.strip()
