"""`sam build`, `sam deploy` and `sam delete`, as command lines and as what runs them."""
# ruff: noqa: S603, S607 - starts sam and git, with arguments of its own

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from infra import lean_layer
from infra.deploy.dialogue.answers import Answers
from infra.sam_local.machine import container_arguments, no_engine
from infra.tools import ROOT, sam

BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"


class NotDeployed(Exception):
    """A command failed, and has said why; the message names it, and what to do next."""


def build(overrides: Mapping[str, str]) -> Path:
    """Build in containers, the layer made lean; the built template. Raises NotDeployed."""
    run(
        [sam(), *build_arguments(overrides)],
        otherwise="The lines above say why. The stack is as it was; mend that, and run again.",
    )
    if lean_layer.main():
        raise NotDeployed("the built layer is missing: rm -r .aws-sam, and run again")
    return BUILT


def deploy(sam_command: str, arguments: Sequence[str]) -> None:
    """Run `sam deploy`. Raises NotDeployed."""
    run(
        [sam_command, *arguments],
        otherwise="The lines above name the resource and the reason, and CloudFormation goes back "
        "to what was there before; mend that, and run again.",
    )


def delete(stack: str, region: str) -> None:
    """Delete the stack, its uploaded code and its images. Raises NotDeployed."""
    run(
        [sam(), *delete_arguments(stack, region)],
        otherwise="The lines above say why; what is gone is gone. Mend that, and run again.",
    )


@dataclass(frozen=True, slots=True)
class Tools:
    """What builds, deploys and deletes; the tests' build needs no Docker."""

    sam: Callable[[], str] = sam
    build: Callable[[Mapping[str, str]], Path] = build
    delete: Callable[[str, str], None] = delete
    no_builder: Callable[[], str | None] = no_engine
    images: Sequence[str] = field(default=("--resolve-image-repos",))


def build_arguments(overrides: Mapping[str, str]) -> list[str]:
    """Of `sam`."""
    return ["build", *container_arguments(), *parameter_overrides(overrides)]


def deploy_arguments(
    answers: Answers, overrides: Mapping[str, str], template: Path, images: Sequence[str]
) -> list[str]:
    """Of `sam`. None of them is a secret."""
    return [
        *("deploy", "--template-file", str(template), "--stack-name", answers.stack),
        *("--region", answers.region, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        *("--resolve-s3", "--s3-prefix", answers.stack, *images),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
        *("--tags", "application=llm-cache-proxy", f"stage={answers.stage}"),
        *parameter_overrides(overrides),
    ]


def delete_arguments(stack: str, region: str) -> list[str]:
    """Of `sam`."""
    return ["delete", "--stack-name", stack, "--region", region, "--no-prompts"]


def parameter_overrides(overrides: Mapping[str, str]) -> list[str]:
    """Name="value" each: SAM reads an argument once more as it reads its file.

    Without quotes a value ends at its first space, and an empty one is refused.
    """
    return ["--parameter-overrides", *(_quoted(*given) for given in overrides.items())]


def _quoted(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def run(command: Sequence[str], *, otherwise: str) -> None:
    """Run it, its output shown. Raises NotDeployed, which says `otherwise`.

    An interruption reaches the command as well: it is left to end by itself, since SAM removes its
    containers then.
    """
    interrupted = False
    with subprocess.Popen(
        command, cwd=ROOT, env={"SAM_CLI_TELEMETRY": "0", **os.environ}
    ) as process:
        while process.returncode is None:
            try:
                process.wait()
            except KeyboardInterrupt:
                interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    if process.returncode:
        raise NotDeployed(f"{Path(command[0]).name} {command[1]} failed. {otherwise}")


def revision() -> str:
    """A new one for each deployment: the time, and the commit where git knows one."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
    except FileNotFoundError:
        described = ""
    commit = described or "unknown"
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{commit}"
