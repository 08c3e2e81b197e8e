"""Draws how much of a log each preset would have hit."""

from collections.abc import Sequence
from pathlib import Path

from llm_cache_proxy.cli.estimate.replay import Estimate

_EXACT, _SEMANTIC = "#1f6feb", "#8ab4f8"


def draw(found: Sequence[Estimate], path: Path) -> None:
    """Write the plot into `path`, the same bytes for the same figures."""
    import matplotlib as mpl  # noqa: PLC0415 - a large library that few runs need

    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "llm-cache-proxy"
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of a backend

    figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
    names = [f"{each.preset}\n{each.threshold:.2f}" for each in found]
    exact = [100 * each.exact_hits / each.requests for each in found]
    semantic = [100 * each.semantic_hits / each.requests for each in found]
    axes.bar(names, exact, color=_EXACT, label="exact")
    axes.bar(names, semantic, bottom=exact, color=_SEMANTIC, label="semantic")
    for place, each in enumerate(found):
        if each.judged:
            axes.annotate(
                f"{each.wrong} wrong of {each.judged}",
                (place, exact[place] + semantic[place]),
                ha="center",
                va="bottom",
                fontsize=8,
            )
    axes.set_ylabel("hits, % of requests")
    axes.grid(visible=True, axis="y", alpha=0.3)
    axes.legend(frameon=False)
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    figure.savefig(path, metadata=metadata)
    plt.close(figure)
