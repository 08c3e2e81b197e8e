"""How a weight is kept: at which precision, and where in the data file.

The data file lies beside the graph so that ONNX Runtime maps it instead of copying it. Every
tensor starts on a page of its own.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper

_PAGE_BYTES = 4096
_INLINE_BYTES = 64  # a shape or an axis stays in the graph
_BLOCK = 128  # weights that share a scale; a power of two that divides 384 and 1536
_WIDTH = 384
_STEPS = 127  # of an 8-bit number, on either side of zero
_FUSED = "com.microsoft"
_INT8_ACTIVATIONS = 4  # MatMulNBits: the products are made of 8-bit numbers on both sides


class Storage(Protocol):
    """Keeps weights and says how the graph gets at them."""

    tensors: list[TensorProto]

    def constant(self, name: str, array: npt.NDArray[np.generic]) -> str:
        """Keep `array` as it is; returns its name."""
        ...

    def table(self, name: str, array: npt.NDArray[np.float32]) -> str:
        """Keep a table whose rows are looked up, as any float type; returns its name."""
        ...

    def product(self, source: str, matrix: npt.NDArray[np.float32], out: str) -> NodeProto:
        """The node for `out` = `source` times the transpose of `matrix` [outputs, inputs]."""
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

    def product(self, source: str, matrix: npt.NDArray[np.float32], out: str) -> NodeProto:
        """A plain matrix product."""
        weight = self.constant(f"{out}_weight", matrix.T)
        return helper.make_node("MatMul", [source, weight], [out])

    def _append(self, tensor: TensorProto, content: bytes) -> None:
        with self._data.open("ab") as stream:
            stream.write(b"\0" * (-stream.tell() % _PAGE_BYTES))
            place = {"location": self._data.name, "offset": stream.tell(), "length": len(content)}
            stream.write(content)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))


class EightBit(FullPrecision):
    """Matrices as 8-bit numbers with a scale each output or block; the word table as 16-bit floats.

    Where a matrix is as wide as the model, one scale is found for all of its inputs at run time.
    The inputs of the wider ones (out of GELU) have outliers for which one scale is too coarse:
    measured, the vectors of some texts fall below a cosine of 0.98 with the original ones. These
    get scales by block, at twice the time.
    """

    def table(self, name: str, array: npt.NDArray[np.float32]) -> str:
        """Keep a table whose rows are looked up, as 16-bit floats; returns its name."""
        return self.constant(name, array.astype(np.float16))

    def product(self, source: str, matrix: npt.NDArray[np.float32], out: str) -> NodeProto:
        """One of ONNX Runtime's own operators for 8-bit numbers on both sides."""
        if matrix.shape[1] > _WIDTH:
            return self._by_block(source, matrix, out)
        scales = np.abs(matrix).max(axis=1) / _STEPS
        steps = np.rint(matrix / scales[:, np.newaxis]).astype(np.int8)
        names = [
            self.constant(f"{out}_weight", np.ascontiguousarray(steps.T)),
            self.constant(f"{out}_scales", scales.astype(np.float32)),
        ]
        return helper.make_node("DynamicQuantizeMatMul", [source, *names], [out], domain=_FUSED)

    def _by_block(self, source: str, matrix: npt.NDArray[np.float32], out: str) -> NodeProto:
        """MatMulNBits: 128 is zero, and 127 steps reach a block's largest."""
        outputs, inputs = matrix.shape
        blocks = matrix.reshape(outputs, inputs // _BLOCK, _BLOCK)
        scales = np.abs(blocks).max(axis=2, keepdims=True) / _STEPS
        steps = np.rint(blocks / scales) + 128
        names = [
            self.constant(f"{out}_weight", steps.astype(np.uint8)),
            self.constant(f"{out}_scales", scales.reshape(outputs, -1).astype(np.float32)),
        ]
        return helper.make_node(
            "MatMulNBits",
            [source, *names],
            [out],
            domain=_FUSED,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=_BLOCK,
            accuracy_level=_INT8_ACTIVATIONS,
        )
