"""`llm-cache-proxy admin entries`: which entries there are, and one of them whole."""

from typing import TYPE_CHECKING, cast

import click

from llm_cache_proxy.cli.admin import layout, tables
from llm_cache_proxy.cli.admin.client import Remote
from llm_cache_proxy.cli.admin.options import on_proxy, print_answer, print_json, selecting

if TYPE_CHECKING:
    from llm_cache_proxy.domain.json_text import JsonObject


@click.group()
def entries() -> None:
    """List entries, or show one."""


@entries.command("list")
@selecting
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000_000))
@on_proxy
def list_entries(remote: Remote, /, *, limit: int, **chosen: object) -> None:
    """Entries that may be served, without their prompts; in no order."""
    found: list[JsonObject] = []
    cursor: str | None = None
    while len(found) < limit:
        query = {**chosen, "cursor": cursor, "limit": min(limit - len(found), 500)}
        answer = remote.get("/admin/entries", query)
        found += cast("list[JsonObject]", answer["entries"])
        cursor = cast("str | None", answer["cursor"])
        if cursor is None:
            break
    found = found[:limit]
    if remote.as_json:
        for entry in found:
            print_json(entry)
        return
    layout.show(tables.entries(found))
    if cursor is not None:
        click.echo(f"There are more than these {limit}: --limit shows them.", err=True)


@entries.command()
@click.argument("entry")
@click.option("--tenant", help="Whose entry it is; every tenant's without it.")
@click.option("--texts", is_flag=True, help="Show its prompt and its answer.")
@on_proxy
def show(remote: Remote, /, entry: str, *, tenant: str | None, texts: bool) -> None:
    """One entry by its id, as in x-cache-entry."""
    query = {"entry": entry, "tenant": tenant, "texts": "true" if texts else None}
    answer = remote.get("/admin/entries/show", query)
    print_answer(remote, answer, tables.entry)
