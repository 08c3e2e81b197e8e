"""What was learned of a tenant's semantic hits, as a table for people."""

from typing import cast

from rich.console import Group, RenderableType
from rich.text import Text

from llm_cache_proxy.cli.admin.layout import NOTHING, counted, new_table, number, part
from llm_cache_proxy.domain.json_text import JsonObject


def learning_table(answer: JsonObject) -> RenderableType:
    """The promise and the estimate, labels by source, and a line for each kind of candidate."""
    judge = part(answer, "judge")
    summary = Text(
        f"promise {_percent(answer['promise'])}, estimate {_percent(answer['estimate'])} "
        f"(95 %: {_interval(answer['interval'])}), upper bound {_percent(answer['bound'])}; "
        f"{'served' if answer['serves'] else 'no semantic hit is served'}\n"
        f"{number(answer['hits'])} hits, {number(answer['fixed_hits'])} by a fixed threshold: "
        f"hit rate {_gain(answer['hit_rate_gained'])}; {_percent(answer['check_rate'])} of hits "
        f"checked, ${answer['dollars_spent']:.4f} spent; "
        f"forgotten {number(answer['changes'])} times\n"
        f"judge's false alarms {_percent(judge['false_alarms'])} "
        f"({number(judge['controls'])} controls)"
    )
    cells = new_table("candidates", "rule", "chance", "served", "seen", "labelled", "wrong (95 %)")
    for cell in cast("list[JsonObject]", answer["cells"]):
        cells.add_row(
            str(cell["rule"] or "accepted"),
            str(cell["band"]),
            "yes" if cell["served"] else "no",
            number(cell["seen"]),
            number(cell["labelled"]),
            _interval(cell["wrong_interval"]),
        )
    return Group(summary, counted("labels", part(answer, "labels")), cells)


def _percent(value: object) -> str:
    return f"{value:.2%}" if isinstance(value, int | float) else NOTHING


def _gain(value: object) -> str:
    return f"{value:+.2%}" if isinstance(value, int | float) else NOTHING


def _interval(value: object) -> str:
    if not isinstance(value, list):
        return NOTHING
    return "–".join(_percent(end) for end in value)
