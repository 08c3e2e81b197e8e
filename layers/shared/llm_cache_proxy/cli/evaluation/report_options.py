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
    """Which mistakes are printed ("wrong", "lost" or none), how many, and in which form.

    `by` groups pairs by their "kind" or "language", `wrong_share` asks for a threshold.
    """

    show: str | None
    most: int
    by: str | None
    as_json: bool
    wrong_share: float | None


def reported(command: Callable[Concatenate[Report, P], None]) -> Callable[P, None]:
    """Add the options that choose the report, and hand it to the command."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object for scripts.")
    @click.option(
        "--show",
        type=click.Choice(["wrong", "lost"]),
        help="Print pairs served wrongly or refused wrongly; a number after it limits them.",
    )
    @click.option("--most", type=click.IntRange(min=1), default=_MOST, hidden=True)
    @click.option("--kind", "by", flag_value="kind", help='Group by the "kind" of the lines.')
    @click.option(
        "--language", "by", flag_value="language", help='Group by the "language" of the lines.'
    )
    @click.option(
        "--wrong-share",
        type=click.FloatRange(0, 1, max_open=True),
        help="Print the lowest threshold at which no more of the hits are wrong, such as 0.01.",
    )
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        report = Report(
            show=cast("str | None", kwargs.pop("show")),
            most=cast("int", kwargs.pop("most")),
            by=cast("str | None", kwargs.pop("by")),
            as_json=bool(kwargs.pop("as_json")),
            wrong_share=cast("float | None", kwargs.pop("wrong_share")),
        )
        command(report, *args, **kwargs)

    return run
