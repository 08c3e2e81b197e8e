"""The figures as tables for people.

Decides layout only.
"""

from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from llm_cache_proxy.cli.evaluation.measuring import StreamResult
from llm_cache_proxy.domain.evaluation import (
    ChosenThreshold,
    Evaluation,
    Mistake,
    StreamPoint,
    wilson_interval,
)

_NOTHING = "–"


def show(content: RenderableType) -> None:
    """Print to standard output, plain where that is no terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=132)
    console.print(content)


def pairs(files: Mapping[str, Evaluation], total: Evaluation) -> RenderableType:
    """A line a file, one for all, and why near pairs were refused."""
    table = Table(title=f"Served at similarity {total.threshold:g} or more", title_justify="left")
    table.add_column("pairs of")
    for title in ("pairs", "cosine wrong", "right", "served wrong", "right"):
        table.add_column(title, justify="right")
    for title in ("wrong left", "right kept", "served", "wrong of served (95 %)"):
        table.add_column(title, justify="right")
    for name, found in files.items():
        table.add_row(name, *_figures(found))
    if len(files) > 1:
        table.add_section()
        table.add_row("all", *_figures(total), style="bold")
    return Group(table, _vetoes(total))


def mistakes(title: str, found: Sequence[Mistake], most: int) -> RenderableType:
    """The first of the pairs served or refused wrongly, with similarity and rule."""
    table = Table("similarity", "rule", "asked", "stored", title=title, title_justify="left")
    for pair, rule in found[:most]:
        table.add_row(f"{pair.similarity:.3f}", rule or "served", Text(pair.a), Text(pair.b))
    return table if found else Text(f"{title}: none.")


def choice(chosen: ChosenThreshold | None, most_wrong: float) -> RenderableType:
    """The threshold for a share of wrong hits, as it is set."""
    asked = f"wrong in at most {most_wrong:.2%} of hits"
    if chosen is None:
        return Text(f"No threshold is {asked} on these pairs.")
    share = _percent(chosen.wrong_share) + _interval(chosen.wrong_share_interval)
    return Text(
        f"SIMILARITY_THRESHOLD={chosen.threshold:g} is {asked}: {chosen.served:,} pairs are "
        f"served, {share} of them wrongly."
    )


def _figures(found: Evaluation) -> list[str]:
    shares = found.as_json()
    served = found.served.false + found.served.true
    return [
        *(f"{count:,}" for count in (found.pairs, found.baseline.false, found.baseline.true)),
        *(f"{count:,}" for count in (found.served.false, found.served.true)),
        *(_percent(shares[name]) for name in ("false_kept", "true_kept", "served_share")),
        _percent(shares["wrong_share"]) + _interval(wilson_interval(found.served.false, served)),
    ]


def _vetoes(found: Evaluation) -> RenderableType:
    if not found.vetoes:
        return Text("")
    table = Table("refused because of", title="Refused though near enough", title_justify="left")
    table.add_column("pairs", justify="right")
    for name, count in found.vetoes.items():
        table.add_row(name, f"{count:,}")
    return table


def stream(found: StreamResult) -> RenderableType:
    """A line a threshold."""
    prompts = found.points[0].prompts
    title = f"{prompts:,} prompts, each against the nearest earlier ones"
    table = Table("similarity", title=title, title_justify="left")
    for rules in ("cosine", "served"):
        for column in (f"{rules}: hits", "hit rate", "wrong", "wrong of hits (95 %)"):
            table.add_column(column, justify="right")
    for alone, point in zip(found.baseline, found.points, strict=True):
        table.add_row(f"{point.threshold:.2f}", *_point(alone), *_point(point))
    unlabelled = max(point.unlabelled for point in found.baseline)
    note = f"{unlabelled:,} hits at the loosest join prompts that no label relates; they are in the"
    note += " hit rate and not in the share of wrong ones."
    return Group(table, Text(note)) if unlabelled else table


def _point(point: StreamPoint) -> list[str]:
    wrong = _percent(point.wrong_share) + _interval(point.wrong_share_interval)
    return [f"{point.hits:,}", _percent(point.hit_rate), f"{point.wrong:,}", wrong]


def _percent(share: object) -> str:
    return f"{share:.1%}" if isinstance(share, float) else _NOTHING


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" ({interval[0]:.1%}–{interval[1]:.1%})"
