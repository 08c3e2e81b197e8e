"""Prints `OUTLIERS` of model_build: `python -m benchmarks.accuracy.outlier_channels`.

Looks at what comes into each matrix product of the 32-bit model on prompts of `benchmarks/pairs`.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort  # type: ignore[import-untyped] # ships no types
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from benchmarks.rig.minilm_folders import DEFAULT
from benchmarks.rig.prompt_vectors import pair_texts

_PROMPTS = 1_000
_WINDOW = 256
_ABOVE = 1.5
"""How far the largest of a channel may be above that of the median channel."""
_MOST = 12
_WIDE = {"layer_3_active", "layer_4_active", "layer_5_active"}
"""Out of GELU: in the earlier layers one word piece has a channel at ten times all others."""

Channels = npt.NDArray[np.float32]


def outlier_channels(largest: Mapping[str, Channels]) -> dict[str, dict[int, int]]:
    """By product's input: channels that stand out, and the power of two that brings them in."""
    found: dict[str, dict[int, int]] = {}
    for source, most in largest.items():
        powers = np.rint(np.log2(np.maximum(most / (_ABOVE * np.median(most)), 1))).astype(int)
        chosen = [int(channel) for channel in np.argsort(-most)[:_MOST] if powers[channel] > 0]
        found[source] = {channel: 2 ** int(powers[channel]) for channel in sorted(chosen)}
    return found


def _largest(folder: Path) -> dict[str, Channels]:
    """The largest magnitude of every channel of every product's input."""
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    sources = [node.input[0] for node in model.graph.node if node.op_type == "MatMul"]
    wanted = [name for name in sources if name.startswith("hidden") or "attended" in name]
    wanted += [name for name in sources if name in _WIDE]
    for name in wanted:
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    probe = folder / "probe.onnx"  # beside the weights, which it names
    probe.write_bytes(model.SerializeToString())
    try:
        session = ort.InferenceSession(str(probe), providers=["CPUExecutionProvider"])
    finally:
        probe.unlink()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    largest: dict[str, Channels] = {}
    for text in pair_texts()[:_PROMPTS]:
        ids = np.array([tokenizer.encode(text).ids[:_WINDOW]], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        for name, value in zip(wanted, session.run(wanted, inputs), strict=True):
            seen = np.abs(value[0]).max(axis=0)
            largest[name] = np.maximum(largest.get(name, seen), seen)
    return largest


if __name__ == "__main__":
    for name, channels in outlier_channels(_largest(DEFAULT)).items():
        if channels:
            sys.stdout.write(f'    "{name}": {channels},\n')
