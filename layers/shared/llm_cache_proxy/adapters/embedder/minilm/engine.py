"""MiniLM on ONNX Runtime: text to word pieces to vectors, in the calling thread.

Never lets a text's neighbours in a batch change its vector, and never refuses a text: what UTF-8
cannot carry becomes U+FFFD, which the tokenizer drops, and what the window cannot hold is cut.
Never lets the runtime send telemetry.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from llm_cache_proxy.adapters.embedder.text import encodable
from llm_cache_proxy.ports.embedder import Embedding

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped] # ships no types
    from tokenizers import Tokenizer


_SEPARATOR = 102  # [SEP] in BERT's vocabulary, which a cut text ends in like any other
_QUIET = 3  # ONNX Runtime: errors only
_SPINNING = {
    "session.intra_op.spin_duration_us": "10",
    "session.force_spinning_stop": "1",
}
"""Several threads stay awake for the next part of a text, not between texts, nor for long.

By default idle threads take a busy machine's cores from the others: twice the CPU a text. Most
products follow each other within 10 µs; a second thread that waits so long costs a tenth more.
"""


class ModelDescription(NamedTuple):
    """What `model.json` says: `may_batch` is whether company leaves a vector as it is."""

    embedder_id: str
    window_tokens: int
    may_batch: bool


def describe_model(folder: Path) -> ModelDescription:
    """The description in a model folder; raises OSError, ValueError, KeyError or TypeError."""
    found = json.loads((folder / "model.json").read_bytes())
    window, may_batch = int(found["window_tokens"]), bool(found["may_batch"])
    return ModelDescription(str(found["embedder_id"]), window, may_batch)


class MiniLMEngine:
    """A loaded model; may be used from several threads at once."""

    def __init__(
        self, session: "InferenceSession", tokenizer: "Tokenizer", description: ModelDescription
    ) -> None:
        self.description = description
        self._session = session
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> "MiniLMEngine":
        """Map the model and read the tokenizer; raises whatever either library raises."""
        from tokenizers import Tokenizer

        from llm_cache_proxy.adapters.onnx_runtime import onnxruntime

        onnxruntime.set_default_logger_severity(_QUIET)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        for name, value in _SPINNING.items():
            options.add_session_config_entry(name, value)
        # The graph is written as it is to run.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.enable_mem_pattern = False  # patterns are kept for each shape, and ours are many
        options.log_severity_level = _QUIET
        session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(session, tokenizer, describe_model(folder))

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order."""
        # `encode` holds the interpreter's lock for as long as it takes, `encode_batch_fast` not.
        read = [encodable(text[:_MOST_CHARACTERS]) for text in texts]
        encoded = self._tokenizer.encode_batch_fast(read)
        window = self.description.window_tokens
        counts = [
            len(encoding) if len(text) <= _MOST_CHARACTERS else max(len(encoding), window + 1)
            for text, encoding in zip(texts, encoded, strict=True)
        ]
        pieces = [encoding.ids for encoding in encoded]
        pieces = [ids if len(ids) <= window else [*ids[: window - 1], _SEPARATOR] for ids in pieces]
        vectors: dict[int, list[float]] = {}
        lengths = [len(ids) for ids in pieces]
        alone = ([index] for index in range(len(pieces)))
        for batch in batches(lengths) if self.description.may_batch else alone:
            found = self._run([pieces[index] for index in batch])
            vectors.update(zip(batch, found, strict=True))
        return [
            Embedding(vectors[index], count, count <= window) for index, count in enumerate(counts)
        ]

    def _run(self, pieces: Sequence[Sequence[int]]) -> list[list[float]]:
        import numpy as np

        shape = (len(pieces), max(len(ids) for ids in pieces))
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, known in enumerate(pieces):
            ids[row, : len(known)] = known
            mask[row, : len(known)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask}
        vectors: list[list[float]] = self._session.run(["embedding"], inputs)[0].tolist()
        return vectors


_TOKENS = 512  # a run's word pieces, padding included: more is no faster and takes more memory
_STRETCH = 1.25  # the longest text of a batch over its shortest: padding is work thrown away
_CHARACTERS = 4 * _TOKENS  # about as much text as fills one run
_MOST_CHARACTERS = 65_536
"""Of a longer text the rest is not read, and the text never counts as whole: megabytes of it take
seconds and a hundred times their size in memory."""
_READ_CHARACTERS = 1024  # about as much of one text as the window holds


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of `lengths`, short ones first, in batches of similar length."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = lengths[index]
        full = (len(batch) + 1) * length > _TOKENS
        if batch and (full or length > lengths[batch[0]] * _STRETCH):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def turns(texts: Sequence[str]) -> Iterator[list[int]]:
    """Indices of `texts`, short ones first, in turns of about one run.

    Between two of them another caller's text may be worked on.
    """
    turn: list[int] = []
    characters = 0
    for index in sorted(range(len(texts)), key=lambda at: len(texts[at])):
        size = min(len(texts[index]), _READ_CHARACTERS)
        if turn and characters + size > _CHARACTERS:
            yield turn
            turn, characters = [], 0
        turn.append(index)
        characters += size
    if turn:
        yield turn
