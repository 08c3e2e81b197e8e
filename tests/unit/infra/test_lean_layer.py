"""What a layer leaves behind when it goes to Lambda."""

from pathlib import Path

import pytest
from infra.lean_layer import is_unused, make_lean


@pytest.mark.parametrize(
    "name",
    [
        "numpy/tests/test_lists.py",
        "numpy/_core/tests/data/big.csv",
        "numpy/_core/include/numpy/arrayobject.h",
        "numpy/f2py/crackfortran.py",
        "qdrant_client/local/qdrant_local.py",
        "qdrant_client/grpc/points_pb2.py",
        "numpy/__init__.pyi",
        "numpy/random/lib/libnpyrandom.a",
        "redis/__pycache__/client.cpython-313.pyc",
        "bin/f2py",
        "llm_cache_proxy/cli/main.py",
        "llm_cache_proxy/adapters/embedder/minilm/model_build/graph.py",
    ],
)
def test_what_is_never_imported_is_unused(name: str) -> None:
    assert is_unused(Path(name))


@pytest.mark.parametrize(
    "name",
    [
        "numpy/_typing/__init__.py",
        "numpy/typing/__init__.py",  # qdrant-client imports it
        "numpy/testing/__init__.py",
        "numpy/_core/_multiarray_umath.cpython-313-aarch64-linux-gnu.so",
        "numpy.libs/libopenblas.so",
        "redis/bin/client.py",
        "llm_cache_proxy/domain/guard/words/opposites.txt",
        "llm_cache_proxy/adapters/exact_store/redis/lua/entries/lookup.lua",
        "numpy-2.4.0.dist-info/METADATA",
    ],
)
def test_what_may_be_imported_or_read_stays(name: str) -> None:
    assert not is_unused(Path(name))


def test_a_lean_layer_has_no_empty_folders_and_can_be_made_lean_again(tmp_path: Path) -> None:
    kept, unused = tmp_path / "redis/client.py", tmp_path / "redis/tests/deep/test_client.py"
    for path in (kept, unused):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"12345")

    assert [make_lean(tmp_path), make_lean(tmp_path)] == [5, 0]
    assert [path.name for path in tmp_path.rglob("*")] == ["redis", "client.py"]
