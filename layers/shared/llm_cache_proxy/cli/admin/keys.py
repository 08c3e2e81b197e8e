"""`llm-cache-proxy admin keys`: keys of clients, made, listed, revoked and replaced."""

from typing import cast

import click
from rich.console import RenderableType

from llm_cache_proxy.cli.admin import tables
from llm_cache_proxy.cli.admin.client import Remote
from llm_cache_proxy.cli.admin.options import Duration, on_proxy, print_answer, print_json
from llm_cache_proxy.domain.json_text import JsonObject


@click.group()
def keys() -> None:
    """Keys for clients: each names a tenant, and carries limits."""


@keys.command()
@click.argument("tenant")
@click.option("--name", required=True, help="What or who it is for.")
@click.option("--requests-per-minute", type=click.IntRange(1), help="Most requests in a minute.")
@click.option("--tokens-per-day", type=click.IntRange(1), help="Most upstream tokens in a day.")
@click.option("--dollars-per-month", help="Most upstream dollars in a month, such as 25 or 0.50.")
@click.option("--model", "models", multiple=True, help="A model it may use (repeatable); all.")
@click.option("--namespace", help="Its namespace where a request names none.")
@click.option("--expires-in", "expires_in_seconds", type=Duration(), help="Its lifetime: 12h, 90d.")
@on_proxy
def create(remote: Remote, /, *, models: tuple[str, ...], **fields: object) -> None:
    """Make a key for TENANT. It is shown once, and stored nowhere."""
    answer = remote.post("/admin/keys/create", {**fields, "models": list(models) or None})
    _tell_new(remote, answer)


@keys.command("list")
@click.option("--tenant", help="One tenant's keys.")
@on_proxy
def list_keys(remote: Remote, /, *, tenant: str | None) -> None:
    """Keys, their limits, and what they have used."""
    answer = remote.get("/admin/keys", {"tenant": tenant})
    print_answer(remote, answer, _key_list)


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@on_proxy
def revoke(remote: Remote, /, *, key_id: str, yes: bool) -> None:
    """Make the key with ID invalid from its next request on."""
    if not yes:
        click.confirm(f"Revoke {_without_signature(key_id)}?", abort=True, err=True)
    answer = remote.post("/admin/keys/revoke", {"id": _without_signature(key_id)})
    if remote.as_json:
        print_json(answer)
    else:
        click.echo(f"{answer['id']} is revoked.")


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--grace", "grace_seconds", type=Duration(), help="How long the old key stays valid.")
@on_proxy
def rotate(remote: Remote, /, *, key_id: str, grace_seconds: int | None) -> None:
    """Make a new key in place of the one with ID, with its limits and what it has used."""
    fields = {"id": _without_signature(key_id), "grace_seconds": grace_seconds}
    _tell_new(remote, remote.post("/admin/keys/rotate", fields))


def _key_list(answer: JsonObject) -> RenderableType:
    return tables.client_keys(cast("list[JsonObject]", answer["keys"]))


def _tell_new(remote: Remote, answer: JsonObject) -> None:
    if remote.as_json:
        print_json(answer)
        return
    tables.show(tables.client_keys([answer]))
    click.echo("\nThe key, shown only now and stored nowhere:", err=True)
    click.echo(answer["key"])


def _without_signature(key_id: str) -> str:
    """What names the key, where a whole key was given: its signature goes nowhere."""
    return ".".join(key_id.split(".")[:2])
