"""Programs whose pins conflict with the package's: the cloud side's, and others' test suites.

Each has an environment of its own under build/, made when first needed;
`python -m infra.tools TOOL ...` makes them and prints where each program is.
"""
# ruff: noqa: S603 - starts pip and uv with arguments of its own

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = {
    # Brings aws-sam-translator and cfn-lint as well, and samlocal, which aims at LocalStack.
    "sam": ("aws-sam-cli==1.170.0", "aws-sam-cli-local==1.71.0"),
    "checkov": ("checkov==3.3.30",),
    "ministack": ("ministack==1.5.33", "aws-sam-translator==1.115.0", "boto3==1.43.106"),
    "pip-audit": ("pip-audit==2.10.1",),
    "uv": ("uv==0.13.9",),
    "langchain": ("langchain-tests==1.1.9", "langchain-openai==1.7.4"),
}

_MOST_SECONDS = 900.0
"""For one tool, over a slow line."""


class NotInstalled(Exception):
    """A tool's packages cannot be had; the message says why."""


def environment(tool: str) -> Path:
    """The folder of the tool's environment, installed where it is missing. Raises NotInstalled."""
    folder = ROOT / "build" / f"{tool}-venv"
    folder.parent.mkdir(exist_ok=True)
    # Whoever comes second waits for the first to have finished.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_installed(folder, TOOLS[tool]):
            sys.stderr.write(f"Installing {TOOLS[tool][0]} into {folder} (once; a minute) ...\n")
            _install(folder, TOOLS[tool])
    return folder


def program(tool: str, name: str | None = None) -> str:
    """Path of a program of the tool's: its own name, or another's. Raises NotInstalled."""
    return str(environment(tool) / "bin" / (name or tool))


WEB_ADAPTER = "0.9.1"
"""The newest release of AWS's Lambda Web Adapter that is published as a crate."""


def web_adapter() -> str:
    """Path of the Lambda Web Adapter, which cargo builds the first time. Raises NotInstalled."""
    cargo = shutil.which("cargo")
    folder = ROOT / "build" / f"web-adapter-{WEB_ADAPTER}"
    binary = folder / "bin" / "lambda-adapter"
    folder.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.is_file():
            if cargo is None:
                raise NotInstalled("cargo, which builds the Lambda Web Adapter")
            crate = f"lambda_web_adapter@{WEB_ADAPTER}"
            sys.stdout.write(f"Building {crate} into {folder} (once; minutes) ...\n")
            # Not optimised: what it does is the same, and it is there in two thirds of the time.
            command = [cargo, "install", "--quiet", "--locked", "--debug", "--root", str(folder)]
            done = subprocess.run(
                [*command, crate],
                env={**os.environ, "CARGO_PROFILE_DEV_DEBUG": "0"},
                check=False,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise NotInstalled(f"{crate} cannot be built: {done.stderr[-500:]}")
    return str(binary)


def found_or_installed(name: str) -> str:
    """Path of a program: the one on the PATH, else one of our own. Raises NotInstalled."""
    return shutil.which(name) or program(name)


def sam() -> str:
    """Path of `sam`. Raises NotInstalled."""
    return found_or_installed("sam")


def _is_installed(folder: Path, packages: tuple[str, ...]) -> bool:
    marker = folder / "installed.txt"
    return marker.is_file() and marker.read_text(encoding="utf-8") == _listed(packages)


def _install(folder: Path, packages: tuple[str, ...]) -> None:
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    try:
        made = [sys.executable, "-m", "venv", "--clear", str(folder)]
        subprocess.run(made, check=True, capture_output=True, text=True, timeout=_MOST_SECONDS)
        if not _installed_by_uv(python, packages):
            pip += packages
            subprocess.run(pip, check=True, capture_output=True, text=True, timeout=_MOST_SECONDS)
    except subprocess.CalledProcessError as exc:
        said = exc.stderr or exc.stdout
        raise NotInstalled(f"{packages[0]} cannot be installed: {said}") from exc
    except subprocess.TimeoutExpired as exc:
        raise NotInstalled(f"{packages[0]} is not installed after {exc.timeout:.0f} s") from exc
    (folder / "installed.txt").write_text(_listed(packages), encoding="utf-8")


def _installed_by_uv(python: str, packages: tuple[str, ...]) -> bool:
    """Whether uv has installed them, in a tenth of pip's time; where it cannot, pip may.

    It reads no configuration of pip's, and so may not find what pip finds.
    """
    try:
        uv = shutil.which("uv") or (None if packages == TOOLS["uv"] else program("uv"))
    except NotInstalled:
        return False
    if uv is None:
        return False
    command = [uv, "pip", "install", "--quiet", "--python", python]
    try:
        command += packages
        done = subprocess.run(command, check=False, capture_output=True, timeout=_MOST_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _listed(packages: tuple[str, ...]) -> str:
    return "".join(f"{package}\n" for package in packages)


if __name__ == "__main__":
    missing = []
    for name in sys.argv[1:]:
        try:
            found = web_adapter() if name == "web-adapter" else found_or_installed(name)
            sys.stdout.write(f"{found}\n")
        except NotInstalled as exc:
            missing.append(str(exc))
    sys.exit("\n".join(missing) or None)
