"""The commands that a deployment runs, and how they end."""

import subprocess
import sys
from pathlib import Path

import pytest
from infra.deploy.stack.sam import NotDeployed, revision, run
from infra.sam_local.machine import no_engine

from samples.interrupted import TIDYING, interrupted
from samples.stack.template import ROOT

RUNNING = """
import sys
from infra.deploy.stack.sam import run
try:
    run([sys.executable, "-c", sys.argv[1]], otherwise="")
except KeyboardInterrupt:
    sys.exit(5)
"""


def test_a_step_that_fails_is_named_with_what_to_do_next() -> None:
    with pytest.raises(NotDeployed) as failed:
        run([sys.executable, "-c", "raise SystemExit(1)"], otherwise="Mend it, and run again.")

    assert str(failed.value).endswith("-c failed. Mend it, and run again.")
    assert "/" not in str(failed.value)  # whoever reads it calls it sam


def test_an_interrupted_step_ends_by_itself_before_the_deployment_does() -> None:
    status, shown = interrupted([sys.executable, "-c", RUNNING, TIDYING], folder=ROOT)

    assert (status, shown) == (5, "started\ntidied up\n")


def test_a_checkout_without_git_has_revisions_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert revision().endswith("Z-unknown")


@pytest.mark.parametrize(
    ("program", "why"),
    [(None, "not installed"), ("echo no such socket >&2; exit 1", "no such socket"), ("", None)],
    ids=["missing", "silent", "there"],
)
def test_an_engine_that_builds_is_looked_for(
    program: str | None, why: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program is not None:
        docker = tmp_path / "docker"
        docker.write_text(f"#!/bin/sh\n{program}\n")
        docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    found = no_engine()

    assert (found is None) if why is None else (why in (found or ""))


@pytest.mark.parametrize("program", ["infra.sam_local", "infra.localstack"])
def test_what_runs_in_docker_says_in_a_line_that_there_is_none(
    program: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", program],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout.startswith("Docker: it is not installed")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
