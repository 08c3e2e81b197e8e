"""What was learned of a tenant's semantic hits, as a table for people."""

from typing import cast

from rich.console import Group, RenderableType
from rich.text import Text

from llm_cache_proxy.cli.admin.layout import NOTHING, counted, new_table, number, part
from llm_cache_proxy.domain.json_text import JsonObject

_FROM_MEMORY = "the store does not answer: these are the figures that one process read last\n"


def learning_table(answer: JsonObject) -> RenderableType:
    """The promise and the estimate, labels by source, and a line for each kind of candidate."""
    judge = part(answer, "judge")
    summary = Text(
        f"{_FROM_MEMORY if answer.get('from_memory') else ''}"
        f"promise {_percent(answer['promise'])}, estimate {_percent(answer['estimate'])} "
        f"(95 %: {_interval(answer['interval'])}), upper bound {_percent(answer['bound'])}; "
        f"{_state(answer)}\n"
        f"{number(answer['hits'])} hits, {number(answer['fixed_hits'])} by a fixed threshold: "
        f"hit rate {_gain(answer['hit_rate_gained'])}; {_percent(answer['check_rate'])} of hits "
        f"checked, ${answer['dollars_spent']:.4f} spent; "
        f"forgotten {number(answer['changes'])} times\n"
        f"judge's false alarms {_percent(judge['false_alarms'])} "
        f"({number(judge['controls'])} controls)\n"
        f"over all tenants: {_overall(answer['overall'])}"
    )
    tables = [counted("labels", part(answer, "labels")), _turned_away(answer), _cells(answer)]
    if len(_rows(answer, "parts")) > 1:
        tables.insert(1, _parts(answer))
    return Group(summary, *tables)


def _overall(overall: object) -> str:
    if not isinstance(overall, dict):
        return NOTHING
    return (
        f"estimate {_percent(overall['estimate'])} (95 %: {_interval(overall['interval'])}), "
        f"{number(overall['checks'])} checks, {number(overall['controls'])} controls"
    )


def _parts(answer: JsonObject) -> RenderableType:
    """What is proven by itself, and what with the others."""
    table = new_table("groups", "group", "served", "estimate", "bound", "seen", "labelled")
    for each in _rows(answer, "parts"):
        table.add_row(
            _group(answer, each),
            _served(each["serves"], each["trusts"]),
            _percent(each["estimate"]),
            _percent(each["bound"]),
            number(each["seen"]),
            number(each["labelled"]),
        )
    return table


def _turned_away(answer: JsonObject) -> RenderableType:
    table = new_table("turned away", "by", "seen", "labelled", "wrong (95 %)")
    for each in _rows(answer, "turned_away"):
        table.add_row(
            str(each["rule"] or "too few labels"),
            number(each["seen"]),
            number(each["labelled"]),
            _interval(each["wrong_interval"]),
        )
    return table


def _cells(answer: JsonObject) -> RenderableType:
    titles = ("group", "rule", "chance", "served", "seen", "labelled", "wrong (95 %)")
    table = new_table("candidates", *titles)
    for cell in _rows(answer, "cells"):
        table.add_row(
            _group(answer, cell),
            str(cell["rule"] or "accepted"),
            str(cell["band"]),
            _served(cell["served"], cell["trusted"]),
            number(cell["seen"]),
            number(cell["labelled"]),
            _interval(cell["wrong_interval"]),
        )
    return table


def _rows(answer: JsonObject, name: str) -> list[JsonObject]:
    return cast("list[JsonObject]", answer[name])


def _group(answer: JsonObject, row: JsonObject) -> str:
    if row["group"] is not None:
        return str(row["group"])
    return "others" if len(_rows(answer, "parts")) > 1 else "all"


def _state(answer: JsonObject) -> str:
    if answer["trusts"]:
        return "served, in part on trust"
    return "served" if answer["serves"] else "no semantic hit is served"


def _served(served: object, trusted: object) -> str:
    if trusted:
        return "on trust"
    return "yes" if served else "no"


def _percent(value: object) -> str:
    return f"{value:.2%}" if isinstance(value, int | float) else NOTHING


def _gain(value: object) -> str:
    return f"{value:+.2%}" if isinstance(value, int | float) else NOTHING


def _interval(value: object) -> str:
    if not isinstance(value, list):
        return NOTHING
    return "–".join(_percent(end) for end in value)
