"""all-MiniLM-L6-v2 as an ONNX graph, from token ids to a vector of unit length.

The architecture is BERT's (6 layers, 12 heads, 384 wide; https://arxiv.org/abs/1810.04805) with
the mean over the unmasked word pieces and L2 normalisation inside the graph, as Sentence
Transformers has them. Where ONNX Runtime's fused operators (`com.microsoft`) are faster they are
written as such: nothing is left for it to rewrite at each start. Batch and length stay dynamic.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, helper

from llm_cache_proxy.adapters.embedder.minilm.model_build.storage import Storage

LAYERS = 6
HEADS = 12
WIDTH = 384
EPSILON = 1e-12  # layer_norm_eps of the model's config.json
_FUSED = "com.microsoft"

Weights = Mapping[str, npt.NDArray[np.float32]]


def build_graph(weights: Weights, storage: Storage) -> ModelProto:
    """The model; its weights go to `storage`, whose tensors the graph refers to."""
    writer = _Writer(weights, storage)
    hidden = writer.embedding()
    for layer in range(LAYERS):
        hidden = writer.layer(layer, hidden)
    writer.pooling(hidden)
    shape = ["batch", "length"]
    graph = helper.make_graph(
        writer.nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, shape),
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH])],
        initializer=storage.tensors,
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


class _Writer:
    """Adds nodes in the order in which they run; each method returns its output's name."""

    def __init__(self, weights: Weights, storage: Storage) -> None:
        self.nodes: list[NodeProto] = []
        self._weights = weights
        self._storage = storage

    def embedding(self) -> str:
        """Word plus place; every text is of token type 0, so that row is added to each place."""
        word = self._storage.table("words", self._weights["embeddings.word_embeddings.weight"])
        places = self._weights["embeddings.position_embeddings.weight"]
        types = self._weights["embeddings.token_type_embeddings.weight"]
        place = self._storage.constant("places", places + types[0])
        zero = self._storage.constant("zero", np.array([0], np.int64))
        self._add("Shape", ["input_ids"], "length", start=1, end=2)
        self._add("Slice", [place, zero, "length", zero], "place_rows")
        self._add("Gather", [word, "input_ids"], "word_rows")
        self._add("Cast", ["word_rows"], "word_floats", to=TensorProto.FLOAT)
        self._add("Add", ["word_floats", "place_rows"], "placed")
        self._add("Cast", ["attention_mask"], "unmasked", to=TensorProto.INT32)
        gamma, beta = self._scales("embeddings.LayerNorm")
        name = "hidden_0"
        return self._add("LayerNormalization", ["placed", gamma, beta], name, epsilon=EPSILON)

    def layer(self, number: int, hidden: str) -> str:
        """Self-attention, then two dense layers; each is added to its input and normalised."""
        at, out = f"encoder.layer.{number}", f"layer_{number}"
        parts = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self._weights[f"{part}.weight"] for part in parts])
        bias = np.concatenate([self._weights[f"{part}.bias"] for part in parts])
        joined = self._product(hidden, matrix, f"{out}_heads")
        heads = [f"{out}_query", f"{out}_key", f"{out}_value"]
        self.nodes.append(helper.make_node("Split", [joined], heads, axis=2, num_outputs=3))
        inputs = [*heads, self._storage.constant(f"{out}_heads_bias", bias), "unmasked"]
        mixed = self._add(
            "MultiHeadAttention", inputs, f"{out}_mixed", domain=_FUSED, num_heads=HEADS
        )
        attended = self._joined(mixed, hidden, f"{at}.attention.output", f"{out}_attended")
        inner = f"{at}.intermediate.dense"
        wide = self._product(attended, self._weights[f"{inner}.weight"], f"{out}_wide")
        bias_name = self._constant(f"{inner}.bias")
        active = self._add("BiasGelu", [wide, bias_name], f"{out}_active", domain=_FUSED)
        return self._joined(active, attended, f"{at}.output", f"hidden_{number + 1}")

    def pooling(self, hidden: str) -> None:
        """The mean over the unmasked word pieces, at unit length; [CLS] and [SEP] count too."""
        last = self._storage.constant("last", np.array([2], np.int64))
        middle = self._storage.constant("middle", np.array([1], np.int64))
        self._add("Cast", ["attention_mask"], "weights", to=TensorProto.FLOAT)
        self._add("Unsqueeze", ["weights", last], "column")
        self._add("Mul", [hidden, "column"], "kept")
        # A sum and a mean point the same way, and only the direction outlives the next step.
        self._add("ReduceSum", ["kept", middle], "sum", keepdims=0)
        self._add("LpNormalization", ["sum"], "embedding", axis=-1, p=2)

    def _joined(self, source: str, side: str, at: str, out: str) -> str:
        """A dense layer, added to `side` and normalised."""
        product = self._product(source, self._weights[f"{at}.dense.weight"], f"{out}_dense")
        biased = self._add("Add", [product, self._constant(f"{at}.dense.bias")], f"{out}_biased")
        # ONNX Runtime has one operator for these two, which takes five times as long.
        inputs = [self._add("Add", [biased, side], f"{out}_sum"), *self._scales(f"{at}.LayerNorm")]
        return self._add("LayerNormalization", inputs, out, epsilon=EPSILON)

    def _product(self, source: str, matrix: npt.NDArray[np.float32], out: str) -> str:
        self.nodes.extend(self._storage.product(source, matrix, out))
        return out

    def _scales(self, name: str) -> tuple[str, str]:
        return self._constant(f"{name}.weight"), self._constant(f"{name}.bias")

    def _constant(self, name: str) -> str:
        return self._storage.constant(name, self._weights[name])

    def _add(
        self,
        operator: str,
        inputs: Sequence[str],
        out: str,
        domain: str | None = None,
        **settings: float,
    ) -> str:
        node = helper.make_node(operator, inputs, [out], None, None, domain, None, **settings)
        self.nodes.append(node)
        return out
