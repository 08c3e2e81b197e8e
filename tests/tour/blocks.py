"""The commands that the docs show, taken out of them.

A fence of `sh` or `python` is run as it stands. One that cannot be run here says why behind the
language: ```` ```sh not run: needs an AWS account ````.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(sh|python)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REASON = " not run: "


@dataclass(frozen=True)
class Block:
    """One fence: where it stands, in what language, and why it is not run (empty if it is)."""

    place: str
    language: str
    text: str
    reason: str


def blocks() -> Iterator[Block]:
    """Every fence of the README, the contributor's guide and docs/."""
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ):
        text = path.read_text(encoding="utf-8")
        for fence in _FENCE.finditer(text):
            line = text.count("\n", 0, fence.start()) + 1
            language, answer, commands = fence.groups()
            assert not answer or answer.startswith(_REASON), f"{path.name}:{line}: {answer}"
            reason = answer.removeprefix(_REASON)
            yield Block(f"{path.relative_to(ROOT)}:{line}", language, commands, reason)
