"""How a weight is kept: at which precision, and where in the data file.

The data file lies beside the graph so that ONNX Runtime maps it instead of copying it. Every
tensor starts on a page of its own.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper

from llm_cache_proxy.adapters.embedder.minilm.model_build.outliers import OUTLIERS

_PAGE_BYTES = 4096
_INLINE_BYTES = 64  # a shape or an axis stays in the graph
_WIDTH = 384
_STEPS = 127  # of an 8-bit number, on either side of zero
_ZERO = 128
_FUSED = "com.microsoft"


class Storage(Protocol):
    """Keeps weights and says how the graph gets at them."""

    tensors: list[TensorProto]

    def constant(self, name: str, array: npt.NDArray[np.generic]) -> str:
        """Keep `array` as it is; returns its name."""
        ...

    def table(self, name: str, array: npt.NDArray[np.float32]) -> str:
        """Keep a table whose rows are looked up, as any float type; returns its name."""
        ...

    def product(self, source: str, matrix: npt.NDArray[np.float32], out: str) -> list[NodeProto]:
        """The nodes for `out` = `source` times the transpose of `matrix` [outputs, inputs]."""
        ...


class FullPrecision:
    """Every weight as the 32-bit float it was trained as."""

    def __init__(self, data: Path) -> None:
        self.tensors: list[TensorProto] = []
        self._data = data

    def constant(self, name: str, array: npt.NDArray[np.generic]) -> str:
        """Keep `array` as it is; returns its name."""
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        tensor = TensorProto(name=name, data_type=kind, dims=array.shape)
        if array.nbytes <= _INLINE_BYTES:
            tensor.raw_data = array.tobytes()
        else:
            self._append(tensor, np.ascontiguousarray(array).tobytes())
        self.tensors.append(tensor)
        return name

    def table(self, name: str, array: npt.NDArray[np.float32]) -> str:
        """Keep a table whose rows are looked up; returns its name."""
        return self.constant(name, array)

    def product(self, source: str, matrix: npt.NDArray[np.float32], out: str) -> list[NodeProto]:
        """A plain matrix product."""
        weight = self.constant(f"{out}_weight", matrix.T)
        return [helper.make_node("MatMul", [source, weight], [out])]

    def _append(self, tensor: TensorProto, content: bytes) -> None:
        with self._data.open("ab") as stream:
            stream.write(b"\0" * (-stream.tell() % _PAGE_BYTES))
            place = {"location": self._data.name, "offset": stream.tell(), "length": len(content)}
            stream.write(content)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))


class EightBit(FullPrecision):
    """Matrices as 8-bit numbers with a scale an output; the word table as 16-bit floats.

    A product's inputs become 8-bit numbers as well, all of a text by one scale that is found at run
    time. A channel that stands out would make that scale too coarse for the others: it is divided
    by a power of two before, and its weights multiplied. Wide matrices (out of GELU) whose inputs
    are not in `OUTLIERS` stay as they are: no scale is fine enough for them.

    Weights are unsigned: signed ones make sums that processors without 8-bit dot products cut off
    at 16 bits, so that a vector would depend on the machine.
    """

    def table(self, name: str, array: npt.NDArray[np.float32]) -> str:
        """Keep a table whose rows are looked up, as 16-bit floats; returns its name."""
        return self.constant(name, array.astype(np.float16))

    def product(self, source: str, matrix: npt.NDArray[np.float32], out: str) -> list[NodeProto]:
        """One of ONNX Runtime's own operators for 8-bit numbers on both sides."""
        if matrix.shape[1] > _WIDTH and source not in OUTLIERS:
            return super().product(source, matrix, out)
        nodes: list[NodeProto] = []
        if source in OUTLIERS:
            divisors = np.ones(matrix.shape[1], np.float32)
            for channel, divisor in OUTLIERS[source].items():
                divisors[channel] = divisor
            shares = self.constant(f"{out}_shares", 1 / divisors)
            nodes.append(helper.make_node("Mul", [source, shares], [f"{out}_source"]))
            source, matrix = f"{out}_source", matrix * divisors
        scales = np.abs(matrix).max(axis=1) / _STEPS
        steps = (np.rint(matrix / scales[:, np.newaxis]) + _ZERO).astype(np.uint8)
        names = [
            self.constant(f"{out}_weight", np.ascontiguousarray(steps.T)),
            self.constant(f"{out}_scales", scales.astype(np.float32)),
            self.constant(f"{out}_zero", np.array(_ZERO, np.uint8)),
        ]
        product = helper.make_node("DynamicQuantizeMatMul", [source, *names], [out], domain=_FUSED)
        return [*nodes, product]
