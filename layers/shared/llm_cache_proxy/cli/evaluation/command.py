"""What `llm-cache-proxy eval` is asked, and in which order it answers.

Decides which rules are measured: those of the settings in force, or those that the options name.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llm_cache_proxy.bootstrap.roots import guard_of
from llm_cache_proxy.cli.evaluation import plot as plots
from llm_cache_proxy.cli.evaluation import tables
from llm_cache_proxy.cli.evaluation.files import LabelledFile, UnusableFile, read_files
from llm_cache_proxy.cli.evaluation.measuring import (
    THRESHOLDS,
    all_texts,
    curves,
    measured_pairs,
    measured_stream,
    pooled,
)
from llm_cache_proxy.cli.evaluation.vectors import Embedded, embed
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.domain.evaluation import Decision
from llm_cache_proxy.domain.presets import Preset, semantic_rules
from llm_cache_proxy.settings import Settings, read_settings


@click.command("eval")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--preset",
    type=click.Choice([preset.value for preset in Preset if preset is not Preset.OFF]),
    help="Measure this preset instead of the one in force.",
)
@click.option(
    "--threshold", type=click.FloatRange(0, 1), help="Least cosine similarity of a semantic hit."
)
@click.option("--no-guard", is_flag=True, help="Let cosine alone decide.")
@click.option("--stream", is_flag=True, help="Judge each prompt against the nearest earlier ones.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for scripts.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw precision against hit rate into this .svg or .png file.",
)
def evaluate(
    paths: tuple[Path, ...],
    *,
    preset: str | None,
    threshold: float | None,
    no_guard: bool,
    stream: bool,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Measure the semantic tier on labelled texts: files or folders of JSON lines.

    A line is {"a", "b", "label"}, where label 1 says that one answer serves both, or
    {"text", "intent"} for --stream. Nothing leaves this machine: the model runs in process.
    """
    if plot is not None:
        plots.check(plot)
    settings = read_settings()
    decision = _decision(settings, preset, threshold, guarded=not no_guard)
    files = _fitting(read_files(paths), stream=stream)
    texts = all_texts(files)
    with _progress(len(set(texts))) as advance:
        try:
            embedded = embed(settings, texts, advance)
        except EmbedderUnavailable as exc:
            raise click.ClickException(str(exc)) from exc
    if stream:
        _stream(files, embedded, decision, settings, as_json=as_json)
    else:
        _pairs(files, embedded, decision, as_json=as_json)
    if plot is not None:
        lines = curves(files, embedded, decision, stream=stream, k=settings.semantic_candidates)
        plots.draw(lines, plot, stream=stream)
        click.echo(f"Drawn into {plot}.", err=True)


def _decision(
    settings: Settings, preset: str | None, threshold: float | None, *, guarded: bool
) -> Decision:
    """The rules to measure; a preset that is named comes with its own threshold."""
    if preset is None:
        rules = semantic_rules(settings.semantic_preset, settings.similarity_threshold)
    else:
        rules = semantic_rules(Preset(preset))
    if threshold is None:
        threshold = rules.threshold
    if rules.verified:
        click.echo(
            "The verifier is not asked: what it would refuse is counted as served.", err=True
        )
    return Decision(threshold, guard_of(settings) if guarded else None)


def _fitting(files: Sequence[LabelledFile], *, stream: bool) -> list[LabelledFile]:
    """The files that the measurement can use; a stream may be made of either kind."""
    found = [file for file in files if stream or file.pairs]
    for file in files:
        if file not in found:
            click.echo(f"{file.name}: single texts, measured with --stream only.", err=True)
    if not found:
        raise UnusableFile("There are no pairs in these files; --stream measures single texts.")
    return found


def _pairs(
    files: Sequence[LabelledFile], embedded: Embedded, decision: Decision, *, as_json: bool
) -> None:
    rows = {file.name: measured_pairs(file, embedded, decision) for file in files}
    total = pooled(files, embedded, decision)
    if as_json:
        click.echo(json.dumps(total.as_json()))
    else:
        tables.show(tables.pairs(rows, total))


def _stream(
    files: Sequence[LabelledFile],
    embedded: Embedded,
    decision: Decision,
    settings: Settings,
    *,
    as_json: bool,
) -> None:
    thresholds = sorted({*THRESHOLDS, decision.threshold})
    found = measured_stream(
        files, embedded, decision, thresholds=thresholds, k=settings.semantic_candidates
    )
    if as_json:
        click.echo(json.dumps(found.as_json()))
    else:
        tables.show(tables.stream(found))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("Embedding"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("texts,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.advance(task, count)
