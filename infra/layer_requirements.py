"""What the Lambda layer and the functions carry, pinned; `python infra/layer_requirements.py`.

Takes the names from pyproject.toml, what they need in turn from the installed packages, and the
versions from constraints.txt, so that Lambda runs what the tests ran. Never queries an index.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LAYER = Path("layers/shared/requirements.txt")
COMPLETIONS = Path("functions/completions/requirements.txt")

_HEADING = "# Written by infra/layer_requirements.py from pyproject.toml and constraints.txt.\n"
_LAMBDA = {  # what environment markers are judged by, whatever machine this runs on
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
_STREAMING = [Requirement("uvicorn")]  # behind the Lambda Web Adapter; no other function needs it


def main() -> int:
    """Write both files; the exit status."""
    for path, text in requirement_files(ROOT).items():
        (ROOT / path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}: {len(text.splitlines()) - 1} packages\n")
    return 0


def requirement_files(root: Path) -> dict[Path, str]:
    """Each file's path under `root` and what it must hold."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = dict(_pins((root / "constraints.txt").read_text(encoding="utf-8")))
    layer = closure(map(Requirement, project["dependencies"]))
    completions = closure(_STREAMING) - layer
    return {LAYER: _pinned(layer, pins), COMPLETIONS: _pinned(completions, pins)}


def closure(wanted: Iterable[Requirement]) -> set[str]:
    """The names of all packages that `wanted` need on Lambda, themselves included."""
    found: set[str] = set()
    pending = [(requirement, frozenset(requirement.extras)) for requirement in wanted]
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        requirement, extras = pending.pop()
        name = canonicalize_name(requirement.name)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(name)
        for text in _requires(name):
            needed = Requirement(text)
            if _applies(needed, extras):
                pending.append((needed, frozenset(needed.extras)))
    return found


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        raise SystemExit(f"{name} is not installed; run `make setup` first") from None


def _applies(needed: Requirement, extras: frozenset[str]) -> bool:
    if needed.marker is None:
        return True
    return any(needed.marker.evaluate({**_LAMBDA, "extra": extra}) for extra in {"", *extras})


def _pins(text: str) -> Iterator[tuple[str, str]]:
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE):
        yield canonicalize_name(name), version


def _pinned(names: set[str], pins: Mapping[str, str]) -> str:
    missing = sorted(names - pins.keys())
    if missing:
        raise SystemExit(f"constraints.txt has no version of {', '.join(missing)}")
    return _HEADING + "".join(f"{name}=={pins[name]}\n" for name in sorted(names))


if __name__ == "__main__":
    sys.exit(main())
