"""How the command line lays out what it prints: tables, and numbers in them.

Decides on looks only; what is in a table is its caller's.
"""

from collections.abc import Mapping
from typing import cast

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from llm_cache_proxy.domain.json_text import JsonObject

NOTHING = "–"


def show(content: RenderableType) -> None:
    """Print to standard output, plain where that is no terminal."""
    Console(highlight=False).print(content)


def counted(title: str, counts: Mapping[str, object]) -> RenderableType:
    """A name and a number a line; nothing where there is nothing."""
    if not counts:
        return Text("")
    found = new_table(title, "", "count")
    for name, count in counts.items():
        found.add_row(name, number(count))
    return found


def new_table(title: str, *columns: str) -> Table:
    """A table without rows, its columns but the first to the right."""
    found = Table(title=title, title_justify="left", header_style="bold", box=None)
    for place, column in enumerate(columns):
        found.add_column(column, justify="left" if place == 0 else "right", overflow="fold")
    return found


def part(value: Mapping[str, object], name: str) -> JsonObject:
    """The object under a name."""
    return cast("JsonObject", value[name])


def duration(seconds: float) -> str:
    """A time in the largest unit that fits."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(0, seconds):.0f}s"


def number(value: object) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}" if isinstance(value, int) else NOTHING


def dollars(value: object) -> str:
    """Dollars with four digits that count; a model without a price has none."""
    if not isinstance(value, int | float):
        return "price unknown"
    return f"${value:,.2f}" if value >= 1 or value == 0 else f"${value:.4g}"
