"""`python -m infra.deploy deploy|tune|destroy`.

`llm-cache-proxy` and make start it by those names.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from infra.deploy.destroy import Destroyer
from infra.deploy.dialogue.questions import NotAnswered, Terminal, region_of, stage_of
from infra.deploy.dialogue.samconfig import SamConfig
from infra.deploy.guide import Guide
from infra.deploy.stack.aws import Aws, AwsError, reason
from infra.deploy.tuning import tune
from infra.tools import ROOT
from llm_cache_proxy.domain.errors import SettingsError


def main(arguments: Sequence[str]) -> int:
    """Exit status 0: it is done. 1 and 2 come with the reason."""
    given = _parser().parse_args(arguments)
    console = Terminal()
    environment = {**os.environ, **({"STAGE": given.stage} if given.stage else {})}
    if given.command == "deploy":
        guide = Guide(console, environment, interactive=not given.yes, dry_run=given.dry_run)
        return guide.deploy()
    config = SamConfig(ROOT / "samconfig.toml")
    try:
        stage = stage_of(environment, None)
        aws = Aws(region_of(environment, config.kept(stage), None))
        source = config.overrides(stage).get("TuningSource", "")
    except NotAnswered as exc:
        console.say(str(exc))
        return 2
    if given.command == "destroy":
        return Destroyer(
            console, aws, stage, interactive=not given.yes, dry_run=given.dry_run
        ).destroy()
    try:
        console.say(tune(aws, stage, given.changes, source=source))
    except SettingsError as exc:
        console.say(str(exc))
        return 2
    except AwsError as exc:
        console.say(f"AWS refused: {reason(exc)}")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="llm-cache-proxy")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        (
            "deploy",
            "ask where and with what, try each answer, build, deploy, and ask the stack twice",
        ),
        ("destroy", "delete the stack and its secrets"),
        ("tune", "show TUNING, or change settings in it: NAME=VALUE, NAME= to take one out"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--stage", help="dev, prod, ... (STAGE)")
        if name == "tune":
            command.add_argument("changes", nargs="*", metavar="NAME=VALUE")
        else:
            command.add_argument("--dry-run", action="store_true", help="show it, change nothing")
            command.add_argument(
                "--yes", action="store_true", help="ask nothing: take what is kept, and variables"
            )
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (EOFError, KeyboardInterrupt):
        sys.exit("\nStopped. Run again: what was done is kept.")
