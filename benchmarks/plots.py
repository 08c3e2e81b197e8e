"""Draws a finding's curves as SVG, the same bytes for the same figures."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.findings import Curves


def draw(curves: Curves, path: Path) -> None:
    """Write the plot into `path`."""
    import matplotlib as mpl  # noqa: PLC0415 - a large library that few runs need

    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "llm-cache-proxy"
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of a backend

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, values in curves.lines.items():
        axes.plot(list(curves.x)[: len(values)], list(values), marker="o", markersize=4, label=name)
    axes.set(xscale="log", yscale="log", xlabel=curves.x_label, ylabel=curves.y_label)
    axes.set_title(curves.title)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def draw_lines(
    x: Sequence[float], lines: dict[str, list[float]], path: Path, *, labels: tuple[str, str]
) -> None:
    """Write lines over a common x, the first of them dashed, into `path`."""
    import matplotlib as mpl  # noqa: PLC0415 - a large library that few runs need

    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "llm-cache-proxy"
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of a backend

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for at, (name, values) in enumerate(lines.items()):
        style = "" if at else "--"
        axes.plot(x, values, f"{style or '-'}", marker="" if style else "o", label=name)
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
