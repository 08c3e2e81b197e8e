"""`llm-cache-proxy admin`: the operator's actions against a running proxy.

Decides which questions are asked; what an action does is the server's part.
"""

from typing import cast

import click

from llm_cache_proxy.cli.admin import tables
from llm_cache_proxy.cli.admin.client import FAILED, Remote
from llm_cache_proxy.cli.admin.entries import entries
from llm_cache_proxy.cli.admin.keys import keys
from llm_cache_proxy.cli.admin.layout import counted, part
from llm_cache_proxy.cli.admin.learning import learning_table
from llm_cache_proxy.cli.admin.options import on_proxy, print_answer, print_json, selecting
from llm_cache_proxy.cli.admin.reembed import reembed
from llm_cache_proxy.cli.admin.transfer import export, import_entries
from llm_cache_proxy.cli.admin.watch import watch


@click.group()
def admin() -> None:
    """Administer a running proxy: numbers, health, clearing, explanations.

    Exit codes: 1 the action failed, 2 a wrong command line, 3 no server, 4 the key is refused.
    """


admin.add_command(entries)
admin.add_command(export)
admin.add_command(import_entries)
admin.add_command(keys)
admin.add_command(reembed)
admin.add_command(watch)


@admin.command()
@click.option("--tenant", help="One tenant's numbers.")
@on_proxy
def stats(remote: Remote, tenant: str | None) -> None:
    """Hits, tokens and dollars, by window and by model."""
    answer = remote.get("/admin/stats", {"tenant": tenant})
    print_answer(remote, answer, tables.stats)


@admin.command()
@on_proxy
def health(remote: Remote) -> None:
    """Whether each part works, found out by using it; exits with 1 where one does not."""
    answer = remote.get("/admin/health")
    print_answer(remote, answer, tables.health)
    if answer["status"] != "ok":
        raise SystemExit(FAILED)


@admin.command()
@click.option("--tenant", help="One tenant's entries.")
@on_proxy
def count(remote: Remote, tenant: str | None) -> None:
    """How many entries each tier holds."""
    answer = remote.get("/admin/entries/count", {"tenant": tenant})
    print_answer(remote, answer, lambda outcome: counted("Entries", part(outcome, "entries")))


@admin.command()
@selecting
@click.option("--entry", help="One entry, by the id in x-cache-entry.")
@click.option("--all", "everything", is_flag=True, help="Every entry of every tenant.")
@click.option("--dry-run", is_flag=True, help="Show how many would go, and clear nothing.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@on_proxy
def clear(
    remote: Remote, /, *, everything: bool, dry_run: bool, yes: bool, **chosen: object
) -> None:
    """Clear both tiers: what one selector names, or --all.

    Exits with 1 where --entry names none.
    """
    _check_one_selector(chosen, everything=everything)
    if not (dry_run or yes):
        click.confirm(f"Clear {_described(chosen)} at {remote.place}?", abort=True, err=True)
    answer = remote.post(
        "/admin/cache/clear", {**chosen, "all": everything or None, "dry_run": dry_run or None}
    )
    name = "would_clear" if dry_run else "cleared"
    title = name.replace("_", " ").capitalize()
    print_answer(remote, answer, lambda outcome: counted(title, part(outcome, name)))
    for left in cast("list[str]", answer.get("unswept", [])):
        click.echo(f"Dead, but not swept away yet: {left}", err=True)
    if chosen["entry"] is not None and not any(part(answer, name).values()):
        click.echo(f"There is no entry {chosen['entry']!r}.", err=True)
        raise SystemExit(FAILED)
    if answer.get("unswept"):
        raise SystemExit(FAILED)


def _check_one_selector(chosen: dict[str, object], *, everything: bool) -> None:
    """Exit with 2, and ask no server, where the selectors make no sense together."""
    given = ["--all"] if everything else []
    for name, value in chosen.items():
        if value is not None and name != "tenant":
            given.append("--" + name.removesuffix("_seconds").replace("_", "-"))
    if not given and chosen["tenant"] is None:
        raise click.UsageError("Name what to clear: --all, or one of the selectors.")
    if len(given) > 1:
        raise click.UsageError(
            f"{' and '.join(given)} do not go together: clear by one of them, with --tenant or "
            "without; run the command once for each."
        )


def _described(chosen: dict[str, object]) -> str:
    named = {name.replace("_", " "): value for name, value in chosen.items() if value is not None}
    parts = [f"{name} {value!r}" for name, value in named.items()]
    return "the entries of " + " and ".join(parts) if parts else "EVERY entry of EVERY tenant"


@admin.command()
@on_proxy
def purge(remote: Remote) -> None:
    """Delete expired entries from the semantic tier."""
    answer = remote.post("/admin/purge", {})
    print_answer(remote, answer, lambda outcome: counted("Purged", part(outcome, "purged")))


@admin.command()
@click.argument("prompt")
@click.option("--model", required=True, help="The model of the request.")
@click.option("--system", help="A system prompt before it.")
@click.option("--tenant", help="Whose request it would be.")
@click.option("--namespace", help="The namespace it would be in.")
@click.option("--texts", is_flag=True, help="Show the prompts of near entries.")
@on_proxy
def explain(
    remote: Remote, /, prompt: str, namespace: str | None, *, texts: bool, **given: str | None
) -> None:
    """Show whether PROMPT would be answered from the cache, by which entry, and why (not)."""
    headers = None if namespace is None else {"x-cache-namespace": namespace}
    fields = {"prompt": prompt, "headers": headers, "texts": texts or None, **given}
    answer = remote.post("/admin/explain", fields)
    print_answer(remote, answer, tables.explanation)


@admin.command()
@click.argument("entry")
@click.argument("verdict", type=click.Choice(["bad", "good"]))
@click.option("--tenant", help="Whose answer it was.")
@on_proxy
def feedback(remote: Remote, entry: str, verdict: str, tenant: str | None) -> None:
    """Judge the answer with x-cache-entry ENTRY.

    bad deletes it and bars its pair, good lifts the bar.
    """
    fields = {"entry": entry, "verdict": verdict, "tenant": tenant}
    answer = remote.post("/admin/feedback", fields)
    print_answer(remote, answer, tables.feedback)


@admin.command()
@on_proxy
def config(remote: Remote) -> None:
    """The effective settings, secrets masked."""
    answer = remote.get("/admin/config")
    print_answer(remote, answer, tables.settings)


@admin.command()
@click.option("--tenant", help="Whose semantic hits.")
@on_proxy
def learning(remote: Remote, tenant: str | None) -> None:
    """Show what labels say of semantic hits, against MAX_WRONG_SHARE."""
    answer = remote.get("/admin/learning", {"tenant": tenant})
    print_answer(remote, answer, learning_table)


@admin.command("restore-threshold")
@click.option("--tenant", help="Whose threshold samples have raised.")
@on_proxy
def restore_threshold(remote: Remote, tenant: str | None) -> None:
    """Go back to the configured threshold after samples have raised it."""
    answer = remote.post("/admin/threshold/restore", {"tenant": tenant})
    if remote.as_json:
        print_json(answer)
    else:
        outcome = f"was {answer['before']}" if answer["restored"] else "had not been raised"
        click.echo(f"The threshold of {answer['tenant']} {outcome}.")
