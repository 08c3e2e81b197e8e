"""The commands, and how a mistake in the settings is reported.

A command's module is imported when it runs: `eval` needs numpy, the others do not.
"""

from importlib import import_module
from pathlib import Path

import click

from llm_cache_proxy.cli.start import reported
from llm_cache_proxy.settings import load_env_file

_COMMANDS = {
    "serve": ("serve", "serve"),
    "admin": ("admin.commands", "admin"),
    "eval": ("evaluation.command", "evaluate"),
    "estimate": ("estimate.command", "estimate"),
    "probe": ("probe", "probe"),
    "embedding": ("embedding", "embedding"),
    "deploy": ("stack", "deploy"),
    "tune": ("stack", "tune"),
    "destroy": ("stack", "destroy"),
}
"""Command → its module under this package, and its name there."""


class _OnDemand(click.Group):
    """A group whose commands are imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Their names, in the order in which a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, or None for a name that is none."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"llm_cache_proxy.cli.{module}"), name)
        return command


@click.group(cls=_OnDemand)
@click.version_option(package_name="llm-cache-proxy")
@click.pass_context
def commands(context: click.Context) -> None:
    """An OpenAI-compatible caching proxy that does not serve wrong answers.

    Settings are environment variables; a file .env in the working folder may hold them.
    """
    file = Path(".env")
    context.obj = load_env_file(file) if file.is_file() else frozenset()


def main() -> None:
    """Run the command line; exit 2 where a setting is wrong."""
    with reported():
        commands()
