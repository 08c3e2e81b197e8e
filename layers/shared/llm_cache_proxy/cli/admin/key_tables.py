"""Clients' keys as a table for people."""

import time
from collections.abc import Sequence
from typing import cast

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from llm_cache_proxy.domain.json_text import JsonObject

_COLOURS = {"active": "green", "revoked": "red", "expired": "yellow"}
_NO_LIMIT = "–"


def client_keys(found: Sequence[JsonObject]) -> RenderableType:
    """A key a line, what it has used beside what it may."""
    if not found:
        return Text("There are no keys.")
    table = Table(title="Keys", title_justify="left", header_style="bold", box=None)
    for column in ("id", "name", "status", "until", "requests/min", "tokens/day", "$/month"):
        table.add_column(column, overflow="fold")
    table.add_column("models", overflow="fold")
    for key in found:
        limits = cast("dict[str, float | None]", key["limits"])
        used = cast("dict[str, float]", key["used"])
        table.add_row(
            str(key["id"]),
            str(key["name"]),
            Text(str(key["status"]), _COLOURS[str(key["status"])]),
            _day(cast("int | None", key["revoked_at"] or key["expires_at"])),
            _number(limits["requests_per_minute"]),
            f"{used['tokens_today']:,} of {_number(limits['tokens_per_day'])}",
            f"{used['dollars_this_month']:,.4f} of {_number(limits['dollars_per_month'])}",
            ", ".join(cast("list[str]", key["models"])) or "all",
        )
    return table


def _number(limit: float | None) -> str:
    return _NO_LIMIT if limit is None else f"{limit:,}"


def _day(moment: int | None) -> str:
    return _NO_LIMIT if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
