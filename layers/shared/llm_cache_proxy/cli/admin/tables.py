"""The administration's answers as tables for people.

Decides layout only: every figure is the server's.
"""

import time
from collections.abc import Sequence
from typing import cast

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from llm_cache_proxy.cli.admin.layout import (
    NOTHING,
    IdTable,
    counted,
    dollar_cell,
    duration,
    hit_rate,
    new_table,
    number,
    part,
)
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import RESULTS

_SPANS = ("last_hour", "last_day", "last_30_days", "total")
_COLOURS = {"ok": "green", "off": "dim"}


def stats(answer: JsonObject) -> RenderableType:
    """Requests, tokens and dollars by window, then entries, models, vetoes and errors."""
    total = part(part(answer, "windows"), "total")
    performance = part(total, "cache_performance")
    return Group(
        _windows(part(answer, "windows")),
        counted("Entries", part(answer, "entries")),
        _models(part(part(total, "cost_analysis"), "by_model")),
        counted("Vetoes by rule", part(performance, "vetoes")),
        counted("Failed requests by status", part(performance, "failures")),
        counted("Refused requests by cause", part(performance, "refusals")),
        counted("Errors by kind", part(performance, "errors")),
        accuracy(part(total, "semantic_accuracy")),
    )


def health(answer: JsonObject) -> RenderableType:
    """The state of each part."""
    table = new_table("Health", "part", "state", "")
    for name, found in part(answer, "parts").items():
        cell = cast("JsonObject", found)
        status = str(cell["status"])
        detail = f"{cell['milliseconds']} ms" if status == "ok" else str(cell["message"])
        table.add_row(name, Text(status, _COLOURS.get(status, "bold red")), detail)
    return table


def accuracy(found: JsonObject) -> RenderableType:
    """How sampled hits turned out, and what the verifier said; nothing where none was called."""
    shadow, verifier = part(found, "shadow"), part(found, "verifier")
    table = new_table("Semantic hits, sampled", "", "")
    if shadow["samples"]:
        low, high = cast("list[float]", shadow["wrong_share_ci"])
        share = cast("float", shadow["wrong_share"])
        table.add_row("samples", number(shadow["samples"]))
        table.add_row("wrong", f"{share:.1%} (95 %: {low:.1%} to {high:.1%})")
        table.add_row("thresholds raised", number(shadow["thresholds_raised"]))
    rulings = {name: count for name, count in verifier.items() if name != "dollars_spent"}
    if not any(rulings.values()):
        return table if shadow["samples"] else Text("")
    ruled = counted("Verifier", rulings)
    return Group(table, ruled) if shadow["samples"] else ruled


def feedback(answer: JsonObject) -> RenderableType:
    """What feedback did to the entry and its pair."""
    pair = "never matches again" if answer["pair_barred"] else "may match"
    evicted = cast("JsonObject", answer.get("evicted", {}))
    return Group(counted("Evicted", evicted), Text(f"The pair {pair}."))


def entries(found: list[JsonObject]) -> RenderableType:
    """One row per entry; age and remaining TTL in the largest unit that fits."""
    if not found:
        return Text("There is no such entry.")
    names = ("tenant", "namespace", "model", "tags", "age", "left", "tokens")
    now = time.time()
    rows = [
        (
            str(one["entry"]),
            str(one["tenant"]),
            str(one["namespace"]),
            str(one["model"]),
            ", ".join(cast("list[str]", one["tags"])) or NOTHING,
            duration(now - cast("int", one["created_at"])),
            duration(cast("int", one["expires_at"]) - now),
            number(cast("int", one["prompt_tokens"]) + cast("int", one["completion_tokens"])),
        )
        for one in found
    ]
    return IdTable(new_table("Entries", "entry", *names), rows)


def entry(answer: JsonObject) -> RenderableType:
    """Every field of one entry."""
    table = new_table("Entry", "", "")
    table.columns[1].justify = "left"
    for name, value in answer.items():
        shown = (
            time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(cast("int", value)))
            if (name.endswith("_at"))
            else value
        )
        cell = ", ".join(shown) if isinstance(shown, list) else str(shown)
        table.add_row(name, Text(cell or NOTHING))
    return table


def settings(answer: JsonObject) -> RenderableType:
    """The effective settings."""
    table = new_table("Settings", "setting", "value")
    table.columns[1].justify = "left"
    for name, value in part(answer, "settings").items():
        table.add_row(name.upper(), NOTHING if value is None else str(value))
    return table


def explanation(answer: JsonObject) -> RenderableType:
    """What would happen, why, and the near entries that were considered."""
    table = new_table(f"{answer['result']} ({answer['reason']})", "", "")
    table.columns[1].justify = "left"
    for name in ("similarity", "entry", "age_seconds", "ttl_seconds"):
        if answer[name] is not None:
            table.add_row(name, str(answer[name]))
    for section in ("key", "plan"):
        for name, value in part(answer, section).items():
            table.add_row(f"{section}.{name}", NOTHING if value is None else str(value))
    return Group(table, _candidates(cast("list[JsonObject]", answer["candidates"])))


def _candidates(candidates: list[JsonObject]) -> RenderableType:
    if not candidates:
        return Text("No near entry was considered.")
    rows = [
        (
            str(near["entry"]),
            f"{near['similarity']:.4f}",
            str(near["verdict"]) if near["above_threshold"] else "below the threshold",
            str(near["rule"] or NOTHING),
            str(near["detail"] or NOTHING),
        )
        for near in candidates
    ]
    table = new_table("Near entries", "entry", "similarity", "verdict", "rule", "detail")
    return IdTable(table, rows)


def _windows(windows: JsonObject) -> Table:
    table = new_table("Requests", "", *(name.replace("_", " ") for name in _SPANS))
    spans = [part(windows, name) for name in _SPANS]
    rows = [
        ("requests", "cache_performance", "total_requests"),
        *((name.replace("_", " "), "cache_performance", name) for name in RESULTS),
        ("tokens used", "token_usage", "total_tokens_used"),
        ("tokens saved", "token_usage", "total_tokens_saved"),
    ]
    for label, section, name in rows:
        table.add_row(label, *(number(part(span, section)[name]) for span in spans))
    rates = (hit_rate(part(span, "cache_performance")) for span in spans)
    table.add_row("hit rate", *rates, style="bold")
    for name in ("dollars_spent", "dollars_saved"):
        amounts = (part(span, "cost_analysis")[name] for span in spans)
        table.add_row(name.replace("_", " "), *(dollar_cell(amount) for amount in amounts))
    return table


def _models(by_model: JsonObject) -> RenderableType:
    if not by_model:
        return Text("")
    table = new_table("Models", "model", "hits", "upstream", "tokens saved", "spent", "saved")
    for name, found in by_model.items():
        model = cast("JsonObject", found)
        saved = cast("int", model["prompt_tokens_saved"])
        saved += cast("int", model["completion_tokens_saved"])
        table.add_row(
            name,
            number(model["hits"]),
            number(model["upstream_answers"]),
            number(saved),
            dollar_cell(model["dollars_spent"]),
            dollar_cell(model["dollars_saved"]),
        )
    return table


_KEY_COLOURS = {"active": "green", "revoked": "red", "expired": "yellow"}
_NO_LIMIT = "–"


def client_keys(found: Sequence[JsonObject]) -> RenderableType:
    """A key a line, what it has used beside what it may."""
    if not found:
        return Text("There are no keys.")
    table = Table(title="Keys", title_justify="left", header_style="bold", box=None)
    names = ("id", "name", "status", "until", "requests/min", "tokens/day", "$/month", "models")
    for name in names:
        table.add_column(name, overflow="fold")
    return IdTable(table, [_key_row(key) for key in found])


def _key_row(key: JsonObject) -> tuple[str | Text, ...]:
    limits = cast("dict[str, float | None]", key["limits"])
    used = cast("dict[str, float]", key["used"])
    status = str(key["status"])
    return (
        str(key["id"]),
        str(key["name"]),
        Text(status, _KEY_COLOURS[status]),
        _day(cast("int | None", key["revoked_at"] or key["expires_at"])),
        _number(limits["requests_per_minute"]),
        f"{used['tokens_today']:,} of {_number(limits['tokens_per_day'])}",
        f"{used['dollars_this_month']:,.4f} of {_number(limits['dollars_per_month'])}",
        ", ".join(cast("list[str]", key["models"])) or "all",
    )


def _number(limit: float | None) -> str:
    return _NO_LIMIT if limit is None else f"{limit:,}"


def _day(moment: int | None) -> str:
    return _NO_LIMIT if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
