"""Which commands there are, and how a mistake in the settings is told."""

import sys

import click

from llm_cache_proxy.cli.admin import admin
from llm_cache_proxy.cli.evaluation.command import evaluate
from llm_cache_proxy.cli.probe import probe
from llm_cache_proxy.cli.serve import serve
from llm_cache_proxy.domain.errors import SettingsError


@click.group()
@click.version_option(package_name="llm-cache-proxy")
def commands() -> None:
    """An OpenAI-compatible caching proxy that does not serve wrong answers."""


commands.add_command(serve)
commands.add_command(admin)
commands.add_command(evaluate)
commands.add_command(probe)


def main() -> None:
    """Run the command line; exit 2 where a setting is wrong."""
    try:
        commands()
    except SettingsError as exc:
        click.echo(f"llm-cache-proxy cannot start.\n{exc}", err=True)
        sys.exit(2)
