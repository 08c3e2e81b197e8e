"""How `llm-cache-proxy eval` reports pairs: a table or JSON, by kind, with mistakes named."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

import click

P = ParamSpec("P")

_MOST = 20


class ShowsSome(click.Command):
    """Lets a number follow `--show wrong` or `--show lost`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hand the number on as an option of its own."""
        for at, name in enumerate(args[:-2]):
            if name == "--show" and args[at + 2].isdecimal():
                args = [*args[: at + 2], "--most", *args[at + 2 :]]
                break
        return super().parse_args(ctx, args)


@dataclass(frozen=True, slots=True)
class Report:
    """Which mistakes are printed ("wrong", "lost" or none), how many, and in which form."""

    show: str | None
    most: int
    by_kind: bool
    as_json: bool


def reported(command: Callable[Concatenate[Report, P], None]) -> Callable[P, None]:
    """Add the options that choose the report, and hand it to the command."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object for scripts.")
    @click.option(
        "--show",
        type=click.Choice(["wrong", "lost"]),
        help="Print pairs served wrongly or refused wrongly; a number after it limits them.",
    )
    @click.option("--most", type=click.IntRange(min=1), default=_MOST, hidden=True)
    @click.option("--kind", "by_kind", is_flag=True, help='Group by the "kind" of the lines.')
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        report = Report(
            show=cast("str | None", kwargs.pop("show")),
            most=cast("int", kwargs.pop("most")),
            by_kind=bool(kwargs.pop("by_kind")),
            as_json=bool(kwargs.pop("as_json")),
        )
        command(report, *args, **kwargs)

    return run
