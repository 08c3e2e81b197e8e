"""`llm-cache-proxy deploy`, `tune` and `destroy`: the stack in AWS, from a checkout of the sources.

What is deployed is the checkout: its template and its functions. The commands run its own
deployment there, as make's targets of the same names do.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

_PROGRAM = Path("infra", "deploy", "__main__.py")
_PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}


def checkout(folder: Path) -> Path | None:
    """The checkout that `folder` is in, if it is in one."""
    return next((at for at in (folder, *folder.parents) if (at / _PROGRAM).is_file()), None)


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def deploy(arguments: tuple[str, ...]) -> None:
    """Deploy to AWS: asks about six things, tests each connection, builds and deploys.

    Then sends the stack two requests.
    """
    _run("deploy", arguments)


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def tune(arguments: tuple[str, ...]) -> None:
    """Show or change the settings of a deployed stack: NAME=VALUE, NAME= takes one out."""
    _run("tune", arguments)


@click.command(context_settings=_PASSED_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def destroy(arguments: tuple[str, ...]) -> None:
    """Delete a deployed stack and its secrets, after you have typed its name."""
    _run("destroy", arguments)


def _run(command: str, arguments: Sequence[str]) -> None:
    found = checkout(Path.cwd())
    if found is None:
        raise click.UsageError(
            "this is no checkout of llm-cache-proxy, whose template and functions are what is "
            "deployed: git clone it, and run this in its folder (docs/deploy.md)"
        )
    program = [sys.executable, "-m", "infra.deploy", command, *arguments]
    # What .env says is meant for the proxy on this machine, and is no answer about a stack.
    local: frozenset[str] = click.get_current_context().obj or frozenset()
    environment = {name: value for name, value in os.environ.items() if name not in local}
    with subprocess.Popen(program, cwd=found, env=environment) as process:  # noqa: S603 - our own
        while process.returncode is None:
            try:
                process.wait()
            except KeyboardInterrupt:  # it was told as well, and says where it stopped
                continue
    sys.exit(process.returncode)
