"""`llm-cache-proxy admin keys`: keys of clients, made, listed, revoked and replaced."""

import json
from typing import IO, cast

import click
from rich.console import RenderableType

from llm_cache_proxy.cli.admin import layout, tables
from llm_cache_proxy.cli.admin.client import Remote
from llm_cache_proxy.cli.admin.options import Duration, on_proxy, print_answer, print_json
from llm_cache_proxy.domain.json_text import JsonObject

_RECORDS_AT_ONCE = 500


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


_LIFTED = {
    "requests_per_minute": "--requests-per-minute",
    "tokens_per_day": "--tokens-per-day",
    "dollars_per_month": "--dollars-per-month",
}


def _whole_or_none(_: click.Context, option: click.Parameter, value: str | None) -> object:
    if value is None or value == "none":
        return value
    if not value.isdigit() or int(value) < 1:
        raise click.BadParameter("expected a whole number above 0, or none", param=option)
    return int(value)


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--requests-per-minute", callback=_whole_or_none, help="Most requests in a minute.")
@click.option("--tokens-per-day", callback=_whole_or_none, help="Most upstream tokens in a day.")
@click.option("--dollars-per-month", help="Most upstream dollars in a month, such as 25 or 0.50.")
@click.option("--name", help="What or who it is for.")
@click.option("--namespace", help="Its namespace where a request names none.")
@click.option("--model", "models", multiple=True, help="A model it may use (repeatable).")
@click.option("--all-models", is_flag=True, help="It may use every model.")
@on_proxy
def edit(
    remote: Remote,
    /,
    *,
    key_id: str,
    models: tuple[str, ...],
    all_models: bool,
    **fields: object,
) -> None:
    """Change limits, models or name of the key with ID; `none` lifts a limit.

    It holds from the key's next request on, and what the key has used stays.
    """
    if models and all_models:
        raise click.UsageError("--model and --all-models do not go together.")
    given = {name: value for name, value in fields.items() if value is not None}
    if not (given or models or all_models):
        raise click.UsageError("Name what to change; --help lists it.")
    lifted = [name for name in _LIFTED if given.get(name) == "none"]
    change = {name: value for name, value in given.items() if name not in lifted}
    answer = remote.post(
        "/admin/keys/edit",
        {
            **change,
            "id": _without_signature(key_id),
            "models": list(models) or None,
            "all_models": all_models or None,
            "unlimited": lifted or None,
        },
    )
    print_answer(remote, answer, lambda outcome: tables.client_keys([outcome]))


@keys.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True))
@click.option("--tenant", help="One tenant's keys.")
@on_proxy
def export_keys(remote: Remote, /, *, file: IO[str], tenant: str | None) -> None:
    """Write the keys' records to FILE (- is standard output), a JSON line each.

    No key can be made of them: they hold limits and names. Keys stay valid in another store with
    the same KEY_SIGNING_SECRET once their records are there.
    """
    answer = remote.get("/admin/keys/export", {"tenant": tenant})
    records = cast("list[JsonObject]", answer["records"])
    # Opened by the first that is written, even where there is nothing to write.
    file.write("".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records))
    if remote.as_json:
        click.echo(json.dumps({"exported": len(records)}), err=file.name == "-")
    else:
        click.echo(f"{len(records):,} records of keys are in {file.name}.", err=True)


@keys.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--replace", is_flag=True, help="Write over records that differ.")
@on_proxy
def import_keys(remote: Remote, /, *, file: IO[str], replace: bool) -> None:
    """Take in the records of FILE (- is standard input); taking them in twice does no harm."""
    totals = {"imported": 0, "replaced": 0, "held": 0}
    try:
        records = [json.loads(line) for line in file if line.strip()]
    except ValueError as exc:
        raise click.ClickException(f"{file.name} is not a file of JSON lines: {exc}") from exc
    for start in range(0, len(records), _RECORDS_AT_ONCE):
        batch = records[start : start + _RECORDS_AT_ONCE]
        fields = {"records": batch, "replace": replace or None}
        answer = remote.post("/admin/keys/import", fields)
        for name in totals:
            totals[name] += cast("int", answer[name])
    if remote.as_json:
        print_json(cast("JsonObject", totals))
    else:
        click.echo(", ".join(f"{count:,} {name}" for name, count in totals.items()))


def _key_list(answer: JsonObject) -> RenderableType:
    return tables.client_keys(cast("list[JsonObject]", answer["keys"]))


def _tell_new(remote: Remote, answer: JsonObject) -> None:
    if remote.as_json:
        print_json(answer)
        return
    layout.show(tables.client_keys([answer]))
    click.echo("\nThe key, shown only now and stored nowhere:", err=True)
    click.echo(answer["key"])


def _without_signature(key_id: str) -> str:
    """What names the key, where a whole key was given: its signature goes nowhere."""
    return ".".join(key_id.split(".")[:2])
