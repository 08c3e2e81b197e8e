"""What the Lambda layer and the functions carry, pinned; `python -m infra.layer_requirements`.

Takes names from the groups of pyproject.toml, versions and what the names need in turn from
uv.lock, so that Lambda runs what the tests ran. Never queries an index.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LAYER = Path("layers/shared/requirements.txt")
COMPLETIONS = Path("functions/completions/requirements.txt")
EMBEDDING = Path("functions/embedding/requirements.txt")

_HEADING = "# Written by `make lock` from uv.lock and the groups of pyproject.toml.\n"
_LAMBDA = {  # what environment markers are judged by, whatever machine this runs on
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "aarch64",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}

# What qdrant-client needs for more than its REST calls, which are used alone (decision 0033).
_NOT_CARRIED = frozenset({"grpcio", "numpy", "portalocker", "protobuf", "urllib3"})

Table = dict[str, Any]  # as TOML has it


@dataclass(frozen=True)
class Lock:
    """The packages of uv.lock by name, as they are for Lambda."""

    packages: Mapping[str, Table]

    def version(self, name: str) -> str:
        """The locked version. Raises SystemExit for a package that is not locked."""
        if name not in self.packages:
            raise SystemExit(f"uv.lock has no {name}; run `make lock`")
        return str(self.packages[name]["version"])

    def needs(self, name: str, extras: Iterable[str] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The packages that one needs on Lambda, each with the extras that it is needed with."""
        package = self.packages[name]
        optional = package.get("optional-dependencies", {})
        lists = [package.get("dependencies", []), *(optional.get(extra, []) for extra in extras)]
        for needed in (needed for each in lists for needed in each):
            if _applies(needed.get("marker")):
                yield needed["name"], tuple(needed.get("extra", ()))


def main() -> int:
    """Write all files; the exit status."""
    for path, text in requirement_files(ROOT).items():
        (ROOT / path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}: {len(text.splitlines()) - 1} packages\n")
    return 0


def requirement_files(root: Path) -> dict[Path, str]:
    """Each file's path under `root` and what it must hold."""
    lock = read_lock(root)
    groups = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    layer, streaming, embedding = (
        [Requirement(text) for text in groups["dependency-groups"][name]]
        for name in ("layer", "streaming", "embedding")
    )
    carried = closure(lock, layer) - _NOT_CARRIED
    return {
        LAYER: _pinned(lock, carried),
        COMPLETIONS: _pinned(lock, closure(lock, streaming) - carried),
        EMBEDDING: _pinned(lock, {canonicalize_name(each.name) for each in embedding}),
    }


def read_lock(root: Path) -> Lock:
    """The lock file of a checkout."""
    packages = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]
    return Lock({each["name"]: each for each in packages if _is_for_lambda(each)})


def closure(lock: Lock, wanted: Iterable[Requirement]) -> set[str]:
    """The names of all packages that `wanted` need on Lambda, themselves included."""
    pending = [(str(canonicalize_name(each.name)), tuple(each.extras)) for each in wanted]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while pending:
        package = pending.pop()
        if package not in seen:
            seen.add(package)
            pending += lock.needs(*package)
    return {name for name, _ in seen}


def _is_for_lambda(package: Table) -> bool:
    markers = package.get("resolution-markers", [])  # of a package locked at several versions
    return not markers or any(map(_applies, markers))


def _applies(marker: str | None) -> bool:
    return marker is None or Marker(marker).evaluate({**_LAMBDA, "extra": ""})


def _pinned(lock: Lock, names: Iterable[str]) -> str:
    return _HEADING + "".join(f"{name}=={lock.version(name)}\n" for name in sorted(names))


if __name__ == "__main__":
    sys.exit(main())
