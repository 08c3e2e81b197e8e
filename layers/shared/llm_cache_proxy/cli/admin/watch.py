"""`llm-cache-proxy admin watch`: what the proxy does, in the terminal, as it happens."""

import time
from typing import cast

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from llm_cache_proxy.cli.admin import layout, tables
from llm_cache_proxy.cli.admin.client import CallFailed, KeyRefused, Remote
from llm_cache_proxy.cli.admin.options import on_proxy, print_json
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import RESULTS

_FIRST_ERROR = 400


@click.command()
@click.option("--every", default=2.0, show_default=True, type=click.FloatRange(min=0.2),
              help="Seconds between two looks.")  # fmt: skip
@click.option("--times", type=click.IntRange(1), help="Look so often, then end.")
@click.option("--tenant", help="One tenant's numbers.")
@click.option("--requests", default=8, show_default=True, type=click.IntRange(0, 200),
              help="How many of the newest requests.")  # fmt: skip
@on_proxy
def watch(
    remote: Remote, /, *, every: float, times: int | None, tenant: str | None, requests: int
) -> None:
    """Hits, dollars and times of the last hour, the newest requests, and what answers.

    Until Ctrl-C; with --json a line a look.
    """
    looked = 0
    before: JsonObject | None = None
    with Live(console=Console(highlight=False), auto_refresh=False, screen=False) as live:
        while True:
            answer = _look(remote, tenant, requests)
            if remote.as_json:
                live.stop()
                print_json(answer)
            else:
                live.update(_view(remote, answer, before, every), refresh=True)
            before = answer
            looked += 1
            if looked == times:
                return
            time.sleep(every)


def _look(remote: Remote, tenant: str | None, requests: int) -> JsonObject:
    """Numbers, requests and health; a server that is away for a moment is shown as such.

    Raises KeyRefused.
    """
    try:
        seen = remote.get("/admin/stats", {"tenant": tenant})
        if requests:
            page = remote.get("/admin/requests", {"tenant": tenant, "limit": requests})
            seen = {**seen, "requests": page["requests"]}
        return {**seen, "health": remote.get("/admin/health")}
    except KeyRefused:
        raise
    except CallFailed as exc:
        return {"error": exc.message}


def _view(
    remote: Remote, answer: JsonObject, before: JsonObject | None, every: float
) -> RenderableType:
    moment = time.strftime("%H:%M:%S")
    if "error" in answer:
        return Text(f"{moment}  {remote.place} does not answer: {answer['error']}", "red")
    hour = cast("JsonObject", layout.part(answer, "windows")["last_hour"])
    performance = layout.part(hour, "cache_performance")
    table = layout.new_table(f"{remote.place}  {moment}", "last hour", "count")
    for name in RESULTS:
        table.add_row(name.replace("_", " "), layout.number(performance[name]))
    table.add_row("hit rate", layout.hit_rate(performance), style="bold")
    saved = layout.part(hour, "cost_analysis")["dollars_saved"]
    table.add_row("dollars saved", layout.dollar_cell(saved))
    shown: list[RenderableType] = [table]
    if before is not None and "error" not in before:
        fresh = _total(answer) - _total(before)
        shown.append(Text(f"{fresh / every:.1f} requests a second", "dim"))
    newest = _newest(cast("list[JsonObject]", answer.get("requests", [])))
    return Group(*shown, *_times(hour), *newest, tables.health(layout.part(answer, "health")))


def _newest(lines: list[JsonObject]) -> list[RenderableType]:
    """A line for each request, newest first: cut off where the terminal ends, never broken."""
    rows = [Text(_line(line), _colour(line), no_wrap=True, overflow="ellipsis") for line in lines]
    return [Text("Newest requests", "bold"), *rows] if rows else []


def _line(line: JsonObject) -> str:
    moment = time.strftime("%H:%M:%S", time.localtime(cast("float", line["time"])))
    similarity = "" if line.get("similarity") is None else f"{line['similarity']:.3f}"
    text = (
        f"{moment} {line['status']} {line['result']:<12} {similarity:>6} "
        f"{line['latency_ms']:8,.1f} ms  {line.get('model', layout.NOTHING)}  {line['reason']}"
    )
    return "".join(each if each.isprintable() else "?" for each in text)  # a client's own words


def _colour(line: JsonObject) -> str:
    return "red" if cast("int", line["status"]) >= _FIRST_ERROR else ""


def _times(hour: JsonObject) -> list[RenderableType]:
    """Milliseconds to an answer by tier; nothing before there is one."""
    table = layout.new_table("Milliseconds", "tier", "p50", "p90", "p99")
    for tier, found in layout.part(hour, "latency").items():
        times = cast("dict[str, float]", found)
        table.add_row(
            tier.replace("_", " "),
            *(f"{times[name]:,.1f}" for name in ("p50_ms", "p90_ms", "p99_ms")),
        )
    return [table] if table.row_count else []


def _total(answer: JsonObject) -> int:
    total = cast("JsonObject", layout.part(answer, "windows")["total"])
    return cast("int", layout.part(total, "cache_performance")["total_requests"])
