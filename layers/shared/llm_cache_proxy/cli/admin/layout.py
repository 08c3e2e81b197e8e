"""What the tables of the administration are made of: cells, columns, and ids that never break."""

from collections.abc import Mapping, Sequence
from typing import cast

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from llm_cache_proxy.domain.json_text import JsonObject

NOTHING = "–"


def show(content: RenderableType) -> None:
    """Print to standard output, plain where that is no terminal."""
    Console(highlight=False).print(content, crop=False)


class IdTable:
    """A table whose first column is copied: where it is too wide, a line for each id instead."""

    def __init__(self, table: Table, rows: Sequence[Sequence[str | Text]]) -> None:
        self._table = table
        self._rows = rows
        for row in rows:
            table.add_row(*row)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, or a list of its rows; an id stands on one line in either."""
        if self._width(console, options) <= options.max_width:
            yield self._table
            return
        names = [str(column.header) for column in self._table.columns]
        yield Text(str(self._table.title), "bold")
        for row in self._rows:
            yield Text(str(row[0]), "bold", no_wrap=True, overflow="ignore")
            pairs = (f"{name} {value}" for name, value in zip(names[1:], row[1:], strict=True))
            yield Padding(Text(" · ".join(pairs)), (0, 0, 0, 2))

    def _width(self, console: Console, options: ConsoleOptions) -> int:
        """How wide the table would be with room enough."""
        boundless = options.update(max_width=_BOUNDLESS)
        return Measurement.get(console, boundless, self._table).maximum


_BOUNDLESS = 10_000


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


def hit_rate(performance: Mapping[str, object]) -> str:
    """Of what could have been hit, in percent; a dash where nothing could."""
    counts = cast("Mapping[str, int]", performance)
    hits = counts["exact_hits"] + counts["semantic_hits"]
    if hits + counts["misses"] - counts["not_read"] <= 0:
        return NOTHING
    return f"{cast('float', performance['hit_rate']):.1%}"


def dollar_cell(value: object) -> str:
    """Dollars with four digits that count; a model without a price has none."""
    if not isinstance(value, int | float):
        return "price unknown"
    return f"${value:,.2f}" if value >= 1 or value == 0 else f"${value:.4g}"
