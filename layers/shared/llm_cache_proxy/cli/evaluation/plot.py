"""Draws precision against hit rate, one line for each set of rules.

Decides the looks only. The drawing library is imported when a plot is wanted.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from llm_cache_proxy.cli.evaluation.measuring import Curve

_COLOURS = ("#8a8f98", "#1f6feb")


def check(path: Path) -> None:
    """Refuse a file that cannot be drawn, before anything is measured."""
    if path.suffix not in {".svg", ".png"}:
        raise click.BadParameter("expected a name that ends in .svg or .png", param_hint="--plot")
    if not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}", param_hint="--plot")
    try:
        import matplotlib as mpl  # noqa: F401, PLC0415 - a large library that few runs need
    except ImportError as exc:
        raise click.ClickException("--plot needs matplotlib: pip install matplotlib") from exc


def draw(curves: Sequence[Curve], path: Path, *, stream: bool) -> None:
    """Write the plot into `path`, the same bytes for the same figures."""
    import matplotlib as mpl  # noqa: PLC0415 - as above

    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "llm-cache-proxy"
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of a backend

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for curve, colour in zip(curves, _COLOURS, strict=True):
        axes.plot(
            [rate * 100 for rate in curve.hit_rates],
            [precision * 100 for precision in curve.precisions],
            marker="o",
            markersize=3,
            color=colour,
            label=curve.title,
        )
    axes.set_xlabel("hit rate, % of prompts" if stream else "served, % of pairs")
    axes.set_ylabel("right, % of served")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, metadata=metadata)
    plt.close(figure)
