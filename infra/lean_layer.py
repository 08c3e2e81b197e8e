"""`python -m infra.lean_layer`: takes out of a built layer what no function ever imports.

Packages bring their own tests, type stubs, headers and commands, and `sam build` keeps them. May
be run on a layer more than once.
"""

import sys
from pathlib import Path

from infra.tools import ROOT

LAYER = "SharedLayer"
BUILD_DIR = ROOT / ".aws-sam/build"

_FOLDERS = frozenset({"__pycache__", "tests", "include"})
_PLACES = frozenset(
    {
        "bin",
        "numpy/f2py",
        "qdrant_client/conversions",
        "qdrant_client/embed",
        "qdrant_client/grpc",
        "qdrant_client/hybrid",
        "qdrant_client/local",
        "qdrant_client/migrate",
        "qdrant_client/proto",
        "qdrant_client/serverless",
        "qdrant_client/uploader",
        "llm_cache_proxy/adapters/embedder/minilm/model_build",
        "llm_cache_proxy/cli",
    }
)
_SUFFIXES = frozenset({".a", ".c", ".h", ".pxd", ".pyi", ".pyx"})


def is_unused(path: Path) -> bool:
    """Whether a file, named from the folder that holds the packages, is of no use at run time."""
    return (
        path.suffix in _SUFFIXES
        or not _FOLDERS.isdisjoint(path.parts[:-1])
        or any(folder.as_posix() in _PLACES for folder in path.parents)
    )


def make_lean(packages: Path) -> int:
    """Remove what is unused from a folder of packages; how many bytes that were."""
    removed = 0
    for path in sorted(packages.rglob("*")):
        if path.is_file() and is_unused(path.relative_to(packages)):
            removed += path.stat().st_size
            path.unlink()
    for path in sorted(packages.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return removed


def main() -> int:
    """Exit status 1: there is no built layer."""
    packages = BUILD_DIR / LAYER / "python"
    if not packages.is_dir():
        sys.stderr.write(f"There is no built layer in {packages}; `sam build` makes it.\n")
        return 1
    sys.stdout.write(f"{make_lean(packages) / 1e6:.1f} MB taken out of the layer\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
