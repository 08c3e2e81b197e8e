"""`llm-cache-proxy admin reembed`: a cache moves to the embedder that serves now.

Decides on progress and the order of the output; what is moved is the server's part. Begun again,
it passes over what has moved.
"""

from collections import Counter
from typing import cast

import click

from llm_cache_proxy.cli.admin.client import Remote
from llm_cache_proxy.cli.admin.options import on_proxy, print_json
from llm_cache_proxy.cli.admin.transfer import progress_of, total_of
from llm_cache_proxy.domain.json_text import JsonObject

_COUNTED = ("moved", "held", "without_vector")
_SHOWN = 20
_REASONS = {
    "no-prompt": "its prompt is not kept",
    "too-long": "the embedder does not read all of its prompt",
}


@click.command()
@click.option("--from", "embedder", help="Id of the embedder whose entries move; unset: MiniLM's.")
@click.option("--tenant", help="Only this tenant's entries; all tenants' without it.")
@click.option("--remove", is_flag=True, help="Delete the old vectors of what has moved.")
@on_proxy
def reembed(remote: Remote, embedder: str | None, tenant: str | None, *, remove: bool) -> None:
    """Give every entry a vector of the embedder that serves now.

    Restart the proxy with the new EMBEDDER first: it answers meanwhile, with semantic hits on
    what has moved. Broken off, it goes on where it stopped when it is begun again.
    """
    counts: Counter[str] = Counter()
    left_out: list[JsonObject] = []
    fields = {"tenant": tenant, "from": embedder, "remove": remove or None}
    cursor: str | None = None
    with progress_of("entries") as progress:
        task = progress.add_task("reembedded", total=total_of(remote, {"tenant": tenant}))
        while True:
            answer = remote.post("/admin/entries/reembed", {**fields, "cursor": cursor})
            counts.update({name: cast("int", answer[name]) for name in _COUNTED})
            page = cast("list[JsonObject]", answer["left_out"])
            left_out += page
            done = sum(cast("int", answer[name]) for name in _COUNTED) + len(page)
            progress.update(task, advance=done)
            cursor = cast("str | None", answer["cursor"])
            if cursor is None:
                break
    if remote.as_json:
        print_json({**{name: counts[name] for name in _COUNTED}, "left_out": left_out})
        return
    _tell(str(answer["embedder"]), counts, left_out)


def _tell(embedder: str, counts: Counter[str], left_out: list[JsonObject]) -> None:
    click.echo(
        f"{counts['moved']:,} entries have vectors of {embedder} now, {counts['held']:,} had them "
        f"before; {counts['without_vector']:,} had none to move."
    )
    for one in left_out[:_SHOWN]:
        reason = _REASONS[str(one["reason"])]
        click.echo(f"left out: {one['entry']} of {one['tenant']}: {reason}", err=True)
    if len(left_out) > _SHOWN:
        click.echo(f"and {len(left_out) - _SHOWN:,} more", err=True)
