"""The image takes single modules: they must be all that the handler loads, now or later."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "shared"
HANDLER = ROOT / "functions" / "embedding" / "handler.py"
DOCKERFILE = ROOT / "functions" / "embedding" / "Dockerfile"


def test_the_image_has_every_module_that_the_function_imports() -> None:
    imported = {str(path.relative_to(ROOT)) for path in _loaded_by(HANDLER)}
    copied = set(re.findall(r"layers/shared/llm_cache_proxy/[\w/]+\.py", DOCKERFILE.read_text()))
    assert imported == copied


def _loaded_by(path: Path) -> set[Path]:
    """Files of our package that ``path`` imports at once or inside a function, and theirs."""
    loaded: set[Path] = set()
    waiting = [path]
    while waiting:
        found = {file for name in _imported_names(waiting.pop()) for file in _files_of(name)}
        waiting.extend(found - loaded)
        loaded |= found
    return loaded


def _imported_names(path: Path) -> Iterator[str]:
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        match waiting.pop():
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=otherwise):
                waiting.extend(otherwise)
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{each.name}" for each in names)
            case node:
                waiting.extend(ast.iter_child_nodes(node))


def _files_of(module: str) -> Iterator[Path]:
    parts = module.split(".")
    if parts[0] != "llm_cache_proxy":
        return
    for length in range(1, len(parts) + 1):
        named = PACKAGE.joinpath(*parts[:length])
        for path in (named / "__init__.py", named.with_suffix(".py")):
            if path.exists():
                yield path


def test_every_file_that_the_image_names_exists() -> None:
    named = re.findall(r"(?:layers|functions)/[\w/.]+", DOCKERFILE.read_text())

    missing = [name for name in named if not (ROOT / name).exists()]

    assert missing == []


def test_a_direct_invocation_loads_no_web_framework() -> None:
    code = (
        "import sys\n"
        "import llm_cache_proxy.api.embedding.function\n"
        "print({'fastapi', 'starlette', 'mangum', 'anyio', 'pydantic'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
