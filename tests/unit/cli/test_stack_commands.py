"""`llm-cache-proxy deploy`, `tune` and `destroy` hand over to the checkout that they are run in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from llm_cache_proxy.cli.stack import checkout
from samples.interrupted import TIDYING, interrupted
from samples.stack.template import ROOT

COMMAND = str(Path(sys.executable).with_name("llm-cache-proxy"))
TELLING = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(),
                  "variables": [os.environ.get(name) for name in ("QDRANT_URL", "STAGE")]}))
sys.exit(3)
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A checkout whose deployment prints what it was started with."""
    folder = tmp_path / "checkout" / "infra" / "deploy"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text(TELLING)
    return tmp_path / "checkout"


def test_a_checkout_is_found_from_any_folder_of_it(tmp_path: Path) -> None:
    assert checkout(ROOT) == ROOT
    assert checkout(ROOT / "docs" / "decisions") == ROOT
    assert checkout(tmp_path) is None


@pytest.mark.parametrize("command", ["deploy", "tune", "destroy"])
def test_a_command_runs_the_checkouts_own_with_all_that_was_given(made: Path, command: str) -> None:
    inside = made / "docs"
    inside.mkdir()

    done = subprocess.run(
        [COMMAND, command, "--stage", "prod", "A=b", "--dry-run", "--help"],
        cwd=inside,
        capture_output=True,
        check=False,
    )

    printed = json.loads(done.stdout)
    assert printed["arguments"] == [command, "--stage", "prod", "A=b", "--dry-run", "--help"]
    assert printed["folder"] == str(made)
    assert done.returncode == 3


def test_what_a_file_says_of_this_machine_is_no_answer_about_a_stack(made: Path) -> None:
    (made / ".env").write_text("QDRANT_URL=http://127.0.0.1:6333\n")

    done = subprocess.run(
        [COMMAND, "deploy"],
        cwd=made,
        env={**os.environ, "STAGE": "prod"},
        capture_output=True,
        check=False,
    )

    assert json.loads(done.stdout)["variables"] == [None, "prod"]


def test_an_interrupted_command_is_left_to_say_where_it_stopped(made: Path) -> None:
    (made / "infra/deploy/__main__.py").write_text(TIDYING)

    status, shown = interrupted([COMMAND, "deploy"], folder=made)

    assert (status, shown) == (4, "started\ntidied up\n")
