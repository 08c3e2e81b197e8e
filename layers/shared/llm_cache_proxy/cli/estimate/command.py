"""`llm-cache-proxy estimate FILE`: whether the cache pays, from a log of what was asked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import RenderableType

from llm_cache_proxy.bootstrap.pipeline import guard_of
from llm_cache_proxy.cli.admin import layout
from llm_cache_proxy.cli.estimate.logs import LoggedRequest, read_log
from llm_cache_proxy.cli.estimate.plot import draw
from llm_cache_proxy.cli.estimate.replay import Estimate, Replay, prepared
from llm_cache_proxy.cli.evaluation import plot as plots
from llm_cache_proxy.cli.evaluation.command import embedding_progress, vectors_option
from llm_cache_proxy.cli.evaluation.vectors import Embedded, embed
from llm_cache_proxy.cli.model import prepare_model
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.domain.evaluation import Decision
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS, PriceList, default_prices
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.presets import PRESETS
from llm_cache_proxy.settings import Settings, read_settings


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for scripts.")
@vectors_option
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the hit rates of all presets into this .svg or .png file.",
)
def estimate(file: Path, *, as_json: bool, vectors: Path | None, plot: Path | None) -> None:
    """Say what this cache would have hit, saved and got wrong on the requests in FILE.

    FILE is JSON lines of {"prompt"} or {"messages"}, an OpenAI batch file, LiteLLM's spend log, or
    Langfuse's export. Nothing leaves this machine: the model runs in process. Wrong hits are found
    where FILE has answers: two that differ in meaning should not have been one.
    """
    if plot is not None:
        plots.check(plot)
    settings = read_settings()
    prepare_model(settings)
    log, left_out = read_log(file)
    found = _estimates(log, settings, vectors)
    if as_json:
        presets = [each.as_json() for each in found]
        click.echo(json.dumps({"presets": presets, "lines_left_out": left_out}))
    else:
        layout.show(_table(found, len(log)))
        if left_out:
            click.echo(f"{left_out:,} lines are no requests, and were left out.", err=True)
        if not any(each.judged for each in found):
            click.echo("No semantic hit has both answers: how many are wrong is not known.")
        click.echo("The verified preset asks a verifier as well, which is not asked here.")
    if plot is not None:
        draw(found, plot)
        click.echo(f"Drawn into {plot}.", err=True)


def _estimates(
    log: Sequence[LoggedRequest], settings: Settings, vectors: Path | None
) -> list[Estimate]:
    requests = prepared(log, _policy(settings))
    texts = [text for each in requests if (text := each.text) is not None]
    texts += [each.answer for each in log if each.answer is not None]
    replay = Replay(
        requests,
        _embedded(settings, texts, vectors),
        Decision(0.0, guard_of(settings)),
        candidates=settings.semantic_candidates,
        agree=settings.shadow_agreement,
        cost=_Prices(default_prices(settings.prices_path)).dollars,
    )
    return [
        replay.at(preset.value, rules.threshold, semantic=rules.semantic)
        for preset, rules in PRESETS.items()
    ]


def _policy(settings: Settings) -> Policy:
    """What may be read and stored; each preset brings its own threshold."""
    return Policy(
        max_temperature=settings.semantic_max_temperature,
        semantic_with_tools=settings.semantic_with_tools,
        default_ttl_seconds=settings.default_ttl_seconds,
        creative_ttl_seconds=settings.creative_ttl_seconds,
        max_ttl_seconds=settings.max_ttl_seconds,
        normalise=settings.normalise_prompts,
    )


def _embedded(settings: Settings, texts: Sequence[str], kept_in: Path | None) -> Embedded:
    with embedding_progress(len(set(texts))) as advance:
        try:
            return embed(settings, texts, advance, kept_in=kept_in)
        except EmbedderUnavailable as exc:
            raise click.ClickException(str(exc)) from exc


@dataclass(frozen=True, slots=True)
class _Prices:
    """The log's own word on what a request cost, or else the price list's."""

    prices: PriceList

    def dollars(self, request: LoggedRequest) -> float | None:
        if request.dollars is not None:
            return request.dollars
        name = self.prices.counted_name(str(request.fields["model"]))
        price = self.prices.price(name)
        if price is None or request.tokens is None:
            return None
        return price.cost(*request.tokens) / NANO_DOLLARS


def _table(found: Sequence[Estimate], requests: int) -> RenderableType:
    table = layout.new_table(
        f"{requests:,} requests", "preset", "exact", "semantic", "hits", "wrong", "tokens saved",
        "saved", "of",
    )  # fmt: skip
    for each in found:
        hits = (each.exact_hits + each.semantic_hits) / each.requests
        wrong = f"{each.wrong:,} of {each.judged:,}" if each.judged else layout.NOTHING
        known = each.dollars_total > 0
        table.add_row(
            f"{each.preset} ({each.threshold:.2f})",
            f"{each.exact_hits:,}",
            f"{each.semantic_hits:,}",
            f"{hits:.1%}",
            wrong,
            f"{each.tokens_saved:,}",
            layout.dollar_cell(each.dollars_saved if known else None),
            layout.dollar_cell(each.dollars_total) if known else layout.NOTHING,
        )
    return table
