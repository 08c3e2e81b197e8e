"""`llm-cache-proxy admin export` and `import`: entries to a file of JSON lines, and back.

Decides how a transfer that was broken off goes on: a small file beside the other says where it
stood after the last page or batch.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from llm_cache_proxy.cli.admin.client import FAILED, Remote
from llm_cache_proxy.cli.admin.options import on_proxy, print_json, selecting
from llm_cache_proxy.domain.json_text import JsonObject

_MOST_BYTES = 2_000_000
_MOST_LINES = 100
_PROBLEMS_SHOWN = 20
_OUTCOMES = ("imported", "held", "expired", "without_vector", "refused")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@selecting
@click.option("--restart", is_flag=True, help="Begin anew, over what FILE holds.")
@on_proxy
def export(remote: Remote, /, file: Path, *, restart: bool, **chosen: object) -> None:
    """Write entries to FILE, a JSON line each; begun again, it goes on where it stopped.

    FILE holds PROMPTS AND ANSWERS: keep it as you would keep them. Only its owner may read it.
    """
    mark = file.with_name(f"{file.name}.cursor")
    cursor, size, written = _standing(file, mark, restart=restart)
    total = total_of(remote, chosen)
    with _private(file) as out, progress_of("entries") as progress:
        out.truncate(size)
        out.seek(size)
        task = progress.add_task("exported", total=max(total, written), completed=written)
        while True:
            answer = remote.post("/admin/entries/export", {**chosen, "cursor": cursor})
            records = cast("list[JsonObject]", answer["records"])
            for record in records:
                out.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            out.flush()
            written += len(records)
            progress.update(task, advance=len(records))
            cursor = cast("str | None", answer["cursor"])
            if cursor is None:
                break
            _note(mark, {"cursor": cursor, "size": out.tell(), "written": written})
    mark.unlink(missing_ok=True)
    if remote.as_json:
        print_json({"exported": written, "file": str(file)})
    else:
        click.echo(f"{written:,} entries are in {file}, with their prompts and answers.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--restart", is_flag=True, help="Begin at the first line, not where it stopped.")
@on_proxy
def import_entries(remote: Remote, /, file: Path, *, restart: bool) -> None:
    """Take in the lines of FILE: exported entries, or past requests with their answers.

    An exported entry keeps its expiry. A past answer is a line {"request": ..., "response": ...}
    with both bodies, and optionally "tenant", "path", "headers" and "created_at". Taking a line in
    twice does no harm.
    """
    mark = file.with_name(f"{file.name}.imported")
    offset = 0 if restart or not mark.exists() else int(json.loads(mark.read_text())["offset"])
    if offset:
        click.echo(f"Going on after {offset:,} bytes; --restart begins anew.", err=True)
    totals = dict.fromkeys(_OUTCOMES, 0)
    problems: list[str] = []
    with file.open("rb") as source, progress_of("bytes") as progress:
        task = progress.add_task("imported", total=file.stat().st_size, completed=offset)
        source.seek(offset)
        for batch, end in _batches(source):
            answer = remote.post("/admin/entries/import", {"records": batch})
            for name in _OUTCOMES:
                totals[name] += cast("int", answer[name])
            problems += [
                f"between bytes {offset} and {end}, line {cast('int', one['line']) + 1}: "
                f"{one['message']}"
                for one in cast("list[JsonObject]", answer["problems"])
            ]
            offset = end
            _note(mark, {"offset": offset})
            progress.update(task, completed=offset)
    mark.unlink(missing_ok=True)
    for problem in problems[:_PROBLEMS_SHOWN]:
        click.echo(problem, err=True)
    if len(problems) > _PROBLEMS_SHOWN:
        click.echo(f"and {len(problems) - _PROBLEMS_SHOWN} more", err=True)
    if remote.as_json:
        print_json(cast("JsonObject", totals))
    else:
        summary = (f"{count:,} {name.replace('_', ' ')}" for name, count in totals.items() if count)
        click.echo(", ".join(summary) or "The file is empty.")
    if totals["refused"] or totals["without_vector"]:
        raise SystemExit(FAILED)


def _standing(file: Path, mark: Path, *, restart: bool) -> tuple[str | None, int, int]:
    """The cursor to go on from, the bytes that are sound, and how many entries they are."""
    if mark.exists() and file.exists() and not restart:
        held = json.loads(mark.read_text())
        click.echo(f"Going on after {held['written']:,} entries; --restart begins anew.", err=True)
        return held["cursor"], held["size"], held["written"]
    if file.exists() and not restart:
        raise click.ClickException(f"{file} exists already; --restart writes over it.")
    return None, 0, 0


def total_of(remote: Remote, chosen: Mapping[str, object]) -> int:
    """How many entries of the exact tier the selection names."""
    everything = None if any(value is not None for value in chosen.values()) else True
    fields = {**chosen, "all": everything, "dry_run": True}
    answer = remote.post("/admin/cache/clear", fields)
    return cast("int", cast("JsonObject", answer["would_clear"])["exact"])


def _private(file: Path) -> BinaryIO:
    return os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def _note(mark: Path, standing: JsonObject) -> None:
    """Say where the transfer stands; a half-written note never takes the old one's place."""
    fresh = mark.with_name(f"{mark.name}.new")
    fresh.write_text(json.dumps(standing))
    fresh.replace(mark)


def _batches(source: BinaryIO) -> Iterator[tuple[list[object], int]]:
    """Lines parsed, a batch at a time, and where each batch ends."""
    batch: list[object] = []
    size, end = 0, source.tell()
    for line in source:
        full = len(batch) == _MOST_LINES or (batch and size + len(line) > _MOST_BYTES)
        if full:
            yield batch, end
            batch, size = [], 0
        end += len(line)
        size += len(line)
        if line.strip():
            batch.append(_parsed(line))
    if batch:
        yield batch, end


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None  # the server reports the line with what is wrong


def progress_of(unit: str) -> Progress:
    """A bar on standard error that counts in `unit`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
