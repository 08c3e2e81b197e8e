"""The model that `make setup` builds, and the same weights as 8-bit numbers."""

import subprocess
import sys
from pathlib import Path

from benchmarks.rig.comparisons import FOLDER

DEFAULT = Path(".model/all-MiniLM-L6-v2")


def quantised() -> Path:
    """A folder of the model with 8-bit products; built at the first call."""
    folder = FOLDER / "minilm-quantised"
    subprocess.run(
        [sys.executable, "functions/embedding/build_model.py", "--out", folder, "--quantise"],
        check=True,
        timeout=600,
    )
    return folder
