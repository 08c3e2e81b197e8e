"""What is deployed, in MB, and the share of each part: the layer, the function, the image."""

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from infra.lean_layer import is_unused

from benchmarks.findings import Budget, Finding, Table
from benchmarks.rig.comparisons import FOLDER

METHOD = (
    "Wheels for Lambda's Python 3.13 on arm64 unpacked by pip, no compiled caches, without what "
    "`make deploy` and the image leave out (tests, type stubs, headers), beside our own code and, "
    "for the image, the model that ships. MB of 10^6 bytes."
)
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
LAYER = ("layers/shared/requirements.txt", "functions/completions/requirements.txt")
IMAGE = ("functions/embedding/requirements.txt",)
MODEL = Path(".model/all-MiniLM-L6-v2")


def measured() -> Finding:
    """Unpack and weigh."""
    layer = _weighed("layer", LAYER, is_unused)
    layer["llm_cache_proxy"] = _megabytes(Path("layers/shared/llm_cache_proxy"))
    layer["functions/completions"] = _megabytes(Path("functions/completions"))
    image = _weighed("image", IMAGE, _removed)
    image["model"] = _megabytes(MODEL)
    return Finding(
        question="How large is what is deployed?",
        method=METHOD,
        tables=[
            Table("Layer and completions function, unzipped", ["part", "MB"], _rows(layer)),
            Table("Embedding image, added to the base image", ["part", "MB"], _rows(image)),
        ],
        budgets=[
            Budget("layer and function, unzipped", sum(layer.values()), 60, "MB"),
            Budget("embedding image, added to the base image", sum(image.values()), 320, "MB"),
        ],
    )


def _weighed(
    name: str, requirements: tuple[str, ...], left_out: Callable[[Path], bool]
) -> dict[str, float]:
    folder = FOLDER / f"unpacked-{name}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=FOLDER) as made:
            _unpack(Path(made), requirements)
            Path(made).rename(folder)
            Path(made).mkdir()
    parts: defaultdict[str, float] = defaultdict(float)
    for path in folder.iterdir():
        part = path.name.partition("-")[0].partition(".")[0]
        parts[part] += _megabytes(path, folder, left_out)
    return parts


def _unpack(folder: Path, requirements: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    command += ["--only-binary=:all:", "--implementation=cp", "--python-version=3.13"]
    command += [f"--platform={platform}" for platform in PLATFORMS]
    command += [f"--requirement={path}" for path in requirements]
    subprocess.run([*command, f"--target={folder}"], check=True, timeout=900)


# As functions/embedding/Dockerfile removes it.
_REMOVED_FOLDERS = {
    "/bin/",
    "/include/",
    "/tests/",
    "/onnxruntime/backend/",
    "/onnxruntime/datasets/",
    "/onnxruntime/quantization/",
    "/onnxruntime/tools/",
    "/onnxruntime/transformers/",
    "/numpy/f2py/",
    "/numpy/typing/",
}
_REMOVED_FILES = (".pyi", ".a")
_C_LIBRARY = "/onnxruntime/capi/libonnxruntime.so."


def _megabytes(
    path: Path, named_from: Path | None = None, left_out: Callable[[Path], bool] = is_unused
) -> float:
    top = named_from or path
    files = [path] if path.is_file() else path.rglob("*")
    kept = (file for file in files if file.is_file() and "__pycache__" not in file.parts)
    return sum(file.stat().st_size for file in kept if not left_out(file.relative_to(top))) / 1e6


def _removed(file: Path) -> bool:
    path = f"/{file.as_posix()}"
    in_folder = any(folder in path for folder in _REMOVED_FOLDERS)
    return in_folder or _C_LIBRARY in path or path.endswith(_REMOVED_FILES)


def _rows(parts: dict[str, float], shown: int = 10) -> list[list[str]]:
    largest = sorted(parts, key=lambda name: parts[name], reverse=True)
    rows = [[name, f"{parts[name]:.1f}"] for name in largest[:shown]]
    rest = sum(parts[name] for name in largest[shown:])
    together = sum(parts.values())
    return [*rows, ["everything else", f"{rest:.1f}"], ["**together**", f"{together:.1f}"]]
