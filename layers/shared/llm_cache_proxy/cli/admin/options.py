"""The options that every administration command has: which proxy is meant, and how it answers."""

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

import click
from rich.console import RenderableType

from llm_cache_proxy.cli.admin.client import DEFAULT_URL, Remote
from llm_cache_proxy.cli.admin.layout import show
from llm_cache_proxy.domain.json_text import JsonObject

P = ParamSpec("P")

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def on_proxy(command: Callable[Concatenate[Remote, P], None]) -> Callable[P, None]:
    """Add the options that say which proxy is meant, and hand it to the command."""

    @click.option(
        "--url",
        default=DEFAULT_URL,
        show_default=True,
        envvar="LLM_CACHE_PROXY_URL",
        help="Address of the proxy (or set LLM_CACHE_PROXY_URL).",
    )
    @click.option("--stack", help="Name of a CloudFormation stack, called by IAM; no key needed.")
    @click.option("--admin-key", envvar="ADMIN_KEY", help="The admin key (or set ADMIN_KEY).")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
    @click.option(
        "--timeout",
        default=30.0,
        show_default=True,
        type=click.FloatRange(min=0.1),
        help="Longest wait in seconds.",
    )
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        remote = Remote(
            url=_without_root(cast("str", kwargs.pop("url"))),
            stack=cast("str | None", kwargs.pop("stack")),
            admin_key=cast("str | None", kwargs.pop("admin_key")),
            as_json=cast("bool", kwargs.pop("as_json")),
            timeout_seconds=cast("float", kwargs.pop("timeout")),
        )
        command(remote, *args, **kwargs)

    return run


def _without_root(url: str) -> str:
    """The proxy's address, where a client's base_url was given as well.

    Below `/v1` an admin key would go on to the upstream.
    """
    return url.rstrip("/").removesuffix("/v1")


class Duration(click.ParamType[int]):
    """A time such as 45s, 30m, 12h or 7d, as seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The seconds."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", str(value).strip())
        if found is None:
            self.fail("expected a number and a unit: 45s, 30m, 12h or 7d.", param, ctx)
        return int(found.group(1)) * _UNITS[found.group(2)]


def selecting(command: Callable[P, None]) -> Callable[P, None]:
    """Add the options that select entries; the command gets them as keywords."""
    options = (
        click.option("--tenant", help="Only this tenant's entries; all tenants' without it."),
        click.option("--namespace", help="Only entries of this namespace."),
        click.option("--model", help="Only entries of this model, by its name at the upstream."),
        click.option("--tag", help="Only entries with this tag."),
        click.option(
            "--older-than",
            "older_than_seconds",
            type=Duration(),
            help="Only entries that were made longer ago than this: 45s, 30m, 12h, 7d.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def print_json(answer: JsonObject) -> None:
    """Print the answer as one line."""
    click.echo(json.dumps(answer, ensure_ascii=False))


def print_answer(
    remote: Remote, answer: JsonObject, layout: Callable[[JsonObject], RenderableType]
) -> None:
    """Print the answer as a line of JSON on request, else as `layout` has it."""
    if remote.as_json:
        print_json(answer)
    else:
        show(layout(answer))
