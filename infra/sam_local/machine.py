"""What this machine has: images, an architecture. Never pulls what is there already."""
# ruff: noqa: S603, S607 - starts docker and sam, with arguments of its own

import os
import platform
import subprocess
import sys
from pathlib import Path

from infra.lean_layer import LAYER, make_lean
from infra.tools import ROOT, sam

PYTHON_IMAGE = "public.ecr.aws/lambda/python:3.13"
BUILD_IMAGE = "public.ecr.aws/sam/build-python3.13:latest"
_ENGINE_SECONDS = 30


def say(line: str) -> None:
    """Tell people what happens."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def architecture(machine: str | None = None) -> str:
    """The machine's, this one's by default, as Lambda calls it."""
    machine = (machine or platform.machine()).lower()
    return "arm64" if machine in {"arm64", "aarch64"} else "x86_64"


def no_engine() -> str | None:
    """Why no container can be run here; None where one can."""
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_ENGINE_SECONDS,
        )
    except FileNotFoundError:
        return "it is not installed, and the functions are built in its containers"
    except subprocess.TimeoutExpired:
        return f"its engine does not answer within {_ENGINE_SECONDS} s"
    if asked.returncode:
        return f"its engine does not answer: {asked.stderr.strip()}"
    return None


def has_image(name: str) -> bool:
    """Whether Docker has the image."""
    return not _quiet("docker", "image", "inspect", name)


def sam_environment() -> dict[str, str]:
    """The environment of every `sam` here.

    Without anyone's AWS credentials: with them `sam local` asks AWS for the account, and hands
    them to the containers.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    ours |= {
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
    }
    machine = architecture()
    if has_image(f"{PYTHON_IMAGE}-{machine}") and has_image(f"{BUILD_IMAGE}-{machine}"):
        ours["SAM_SKIP_PULL_IMAGE"] = "1"
    return ours


def container_arguments() -> list[str]:
    """Of `sam build` in containers: pip fetches what the requirements name and nothing else.

    The container is of this machine's processor whatever is built for: pip fetches wheels of
    either, and nothing is emulated.
    """
    return [
        *("--use-container", "--cached", "--container-env-var", "PIP_NO_DEPS=1"),
        *("--build-image", f"{BUILD_IMAGE}-{architecture()}"),
    ]


def build(*, build_dir: Path, parameters: dict[str, str]) -> None:
    """`sam build` in containers, the layer made lean. Raises CalledProcessError."""
    command = [sam(), "build", *container_arguments(), "--build-dir", str(build_dir)]
    command += ["--cache-dir", str(build_dir.with_name(f"{build_dir.name}-cache"))]
    done = subprocess.run(
        [*command, *overrides(parameters)],
        cwd=ROOT,
        env=sam_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        done.check_returncode()
    make_lean(build_dir / LAYER / "python")


def overrides(parameters: dict[str, str]) -> list[str]:
    """The arguments that give the template's parameters their values."""
    given = [f"ParameterKey={name},ParameterValue={value}" for name, value in parameters.items()]
    return ["--parameter-overrides", *given] if given else []


def _quiet(*command: str) -> int:
    return subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode
