"""The commands that the docs show, taken out of them.

A fence of `sh` or `python` is run as it stands, and one marked `until it serves` until it does.
One that cannot be run here says why behind the language:
```` ```sh not run: needs an AWS account ````.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(sh|python)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_REASON = " not run: "
_SERVES = " until it serves"


@dataclass(frozen=True)
class Block:
    """One fence: where it stands, in what language, and why it is not run (empty if it is).

    One that `serves` does so until it is stopped.
    """

    place: str
    language: str
    text: str
    reason: str = ""
    serves: bool = False


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
            place = f"{path.relative_to(ROOT)}:{line}"
            if answer in {"", _SERVES}:
                yield Block(place, language, commands, serves=answer == _SERVES)
                continue
            assert answer.startswith(_REASON), f"{place}: {answer}"
            yield Block(place, language, commands, answer.removeprefix(_REASON))
