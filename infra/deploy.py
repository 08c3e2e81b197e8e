"""`python -m infra.deploy [environment]`: build and deploy, under a revision of its own.

Decides the revision: now, and the commit. The parameters are those of samconfig.toml, where
`sam deploy --guided` keeps its answers.
"""
# ruff: noqa: S603, S607 - starts sam and git, with arguments of its own

import os
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from infra import lean_layer
from infra.tools import ROOT, NotInstalled, sam


def main(arguments: Sequence[str]) -> int:
    """The exit status of the first command that fails, else 0."""
    environment = arguments[0] if arguments else "dev"
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    if environment not in config:
        sys.stderr.write(f"samconfig.toml has no environment {environment!r}\n")
        return 2
    overrides = with_revision(configured(config, environment), _revision())
    options = ["--config-env", environment]
    try:
        return (
            _ran([sam(), "build", *options])
            or lean_layer.main()
            or _ran([sam(), "deploy", *options, "--parameter-overrides", *overrides])
        )
    except NotInstalled as exc:
        sys.stderr.write(f"{exc}\n")
        return 1


def configured(config: Mapping[str, Any], environment: str) -> list[str]:
    """The environment's parameters as `sam deploy` is given them: Name="value" each.

    SAM reads each argument once more as it reads the file: without quotes a value ends at its
    first space, and an empty one is refused.
    """
    given = config[environment].get("deploy", {}).get("parameters", {})
    overrides = given.get("parameter_overrides", "")
    if isinstance(overrides, str):
        overrides = shlex.split(overrides)
    elif isinstance(overrides, Mapping):
        overrides = [f"{name}={value}" for name, value in overrides.items()]
    return [_quoted(override) for override in overrides]


def with_revision(overrides: Sequence[str], revision: str) -> list[str]:
    """The same parameters with that revision in place of any other."""
    return [*(o for o in overrides if not o.startswith("Revision=")), f"Revision={revision}"]


def _quoted(override: str) -> str:
    name, _, value = override.partition("=")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def _ran(command: Sequence[str]) -> int:
    return subprocess.run(command, cwd=ROOT, env=os.environ, check=False).returncode


def _revision() -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    commit = described.stdout.strip() or "unknown"
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{commit}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
