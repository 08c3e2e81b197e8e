"""What a model folder holds, and whether it still does.

`model.json` names the embedder, its dimensions and window, where the weights came from, and every
file with its length and SHA-256. A folder that does not match it to the letter is no model.
"""

import json
from pathlib import Path

from llm_cache_proxy.adapters.embedder.minilm.model_build.source import (
    REQUIREMENT,
    TOKENIZER_SHA256,
    WEIGHTS_SHA256,
    sha256_of,
)

MANIFEST = "model.json"

# Raised where the same weights come to make other files.
_RECIPE, _QUANTISED_RECIPE = 1, 3
_QUICK_BYTES = 1_000_000  # the weights take longer to hash than a start may take


def is_complete(folder: Path, *, quantised: bool, thorough: bool = False) -> bool:
    """Whether `folder` holds this recipe's model.

    The weights are compared by length unless `thorough`, everything else by hash.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        wanted = _description(quantised=quantised)
        if {name: manifest[name] for name in wanted} != wanted:
            return False
        return all(
            _matches(folder / name, size=spec["bytes"], sha256=spec["sha256"], thorough=thorough)
            for name, spec in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def write_manifest(folder: Path, *, quantised: bool) -> None:
    """Describe the files that are in `folder` now."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.iterdir())
    }
    manifest = _description(quantised=quantised) | {"files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _description(*, quantised: bool) -> dict[str, object]:
    return {
        "embedder_id": "minilm-l6-v2/onnx-uint8" if quantised else "minilm-l6-v2/onnx-fp32",
        "dimensions": 384,
        # With 8-bit activations, the last digit's rounding in a batch becomes another vector.
        "may_batch": not quantised,
        "window_tokens": 256,  # max_seq_length of the model's sentence_bert_config.json
        "source": REQUIREMENT,
        "source_sha256": {
            "model.safetensors": WEIGHTS_SHA256,
            "tokenizer.json": TOKENIZER_SHA256,
        },
        "recipe": _QUANTISED_RECIPE if quantised else _RECIPE,
    }


def _matches(path: Path, *, size: int, sha256: str, thorough: bool) -> bool:
    if path.stat().st_size != size:
        return False
    return (size > _QUICK_BYTES and not thorough) or sha256_of(path) == sha256
