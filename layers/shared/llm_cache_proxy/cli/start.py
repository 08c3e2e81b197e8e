"""How a command that cannot start says so."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from llm_cache_proxy.domain.errors import SettingsError


@contextmanager
def reported() -> Iterator[None]:
    """Exit 2 where a setting is wrong, with what is expected; 1 where a file cannot be had."""
    try:
        yield
    except SettingsError as exc:
        click.echo(f"llm-cache-proxy cannot start.\n{exc}", err=True)
        sys.exit(2)
    except OSError as exc:
        if exc.filename is None:
            raise
        click.echo(f"Error: {exc.filename}: {exc.strerror}", err=True)
        sys.exit(1)
