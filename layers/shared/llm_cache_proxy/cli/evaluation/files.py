"""Reads labelled texts: JSON lines of `{"a", "b", "label"}` or of `{"text", "intent"}`.

Decides what a usable line is; one that is not stops the run with the file's name and the line's
number. Other fields are ignored.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click

from llm_cache_proxy.domain.json_text import JsonObject


class PairRow(NamedTuple):
    """Two texts, whether one answer serves both; kind and language where the data names them."""

    a: str
    b: str
    label: bool
    kind: str = ""
    language: str = ""


class IntentRow(NamedTuple):
    """A text, and the name that all texts with the same answer share."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """One file's rows: all pairs, or all single texts with their intent."""

    name: str
    pairs: Sequence[PairRow] = ()
    intents: Sequence[IntentRow] = ()


class UnusableFile(click.ClickException):
    """A file that is missing, empty, or has a line that cannot be used; exits with 2."""

    exit_code = 2


def read_files(paths: Iterable[Path]) -> list[LabelledFile]:
    """Every file named, and every `*.jsonl` of a folder named. Raises UnusableFile."""
    return [_read(path) for path in _listed(paths)]


def _listed(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(path.rglob("*.jsonl"))
        if not found:
            raise UnusableFile(f"{path}: there is no *.jsonl file in this folder.")
        yield from found


def _read(path: Path) -> LabelledFile:
    pairs: list[PairRow] = []
    intents: list[IntentRow] = []
    for where, line in _lines(path):
        row = _row(line, where)
        if isinstance(row, PairRow):
            pairs.append(row)
        else:
            intents.append(row)
        if pairs and intents:
            raise UnusableFile(f"{where}: pairs and single texts in one file.")
    if not pairs and not intents:
        raise UnusableFile(f"{path}: the file has no lines.")
    return LabelledFile(path.name, pairs, intents)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Each line that is not blank, after the name of its place."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield f"{path}:{number}", line
    except OSError as exc:
        raise UnusableFile(f"{path}: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise UnusableFile(f"{path}: not UTF-8 at byte {exc.start}.") from exc


def _row(line: str, where: str) -> PairRow | IntentRow:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise UnusableFile(f"{where}: not JSON ({exc}).") from exc
    if not isinstance(found, dict):
        raise UnusableFile(f"{where}: expected an object, found {type(found).__name__}.")
    if "text" in found or "intent" in found:
        return IntentRow(_text(found, "text", where), _text(found, "intent", where))
    label = found.get("label")
    if not isinstance(label, int | float) or label not in {0, 1}:
        raise UnusableFile(f'{where}: "label" must be 0 or 1, found {json.dumps(label)}.')
    group = {name: found.get(name, "") for name in ("kind", "language")}
    for name, value in group.items():
        if not isinstance(value, str):
            raise UnusableFile(f'{where}: "{name}" must be a string, found {json.dumps(value)}.')
    return PairRow(_text(found, "a", where), _text(found, "b", where), label == 1, **group)


def _text(row: JsonObject, name: str, where: str) -> str:
    text = row.get(name)
    if not isinstance(text, str):
        reason = "is missing" if name not in row else f"must be a string, found {json.dumps(text)}"
        raise UnusableFile(f'{where}: "{name}" {reason}.')
    return text
