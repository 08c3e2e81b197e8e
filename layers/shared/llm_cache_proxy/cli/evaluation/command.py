"""The options of `llm-cache-proxy eval`, and the order of its output.

Decides what is shown and where it goes; the figures come from `measuring`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llm_cache_proxy.cli.evaluation import plot as plots
from llm_cache_proxy.cli.evaluation import tables
from llm_cache_proxy.cli.evaluation.chosen_rules import ChosenRules, rules_chosen
from llm_cache_proxy.cli.evaluation.files import LabelledFile, UnusableFile, read_files
from llm_cache_proxy.cli.evaluation.measuring import (
    THRESHOLDS,
    all_texts,
    chosen_threshold,
    curves,
    measured_groups,
    measured_pairs,
    measured_stream,
    pooled,
)
from llm_cache_proxy.cli.evaluation.report_options import Report, ShowsSome, reported
from llm_cache_proxy.cli.evaluation.vectors import Embedded, embed
from llm_cache_proxy.cli.model import prepare_model
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.domain.evaluation import Decision
from llm_cache_proxy.settings import Settings, read_settings

vectors_option = click.option(
    "--vectors",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep vectors in this folder, so that the next run embeds new texts only.",
)


@click.command("eval", cls=ShowsSome)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--stream", is_flag=True, help="Judge each prompt against the nearest earlier ones.")
@vectors_option
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw precision against hit rate into this .svg or .png file.",
)
@reported
@rules_chosen
def evaluate(
    rules: ChosenRules,
    report: Report,
    /,
    paths: tuple[Path, ...],
    *,
    stream: bool,
    vectors: Path | None,
    plot: Path | None,
) -> None:
    """Measure the semantic tier on labelled texts: files or folders of JSON lines.

    A line is {"a", "b", "label"}, where label 1 says that one answer serves both, or
    {"text", "intent"} for --stream. `--show wrong 10` prints ten pairs that are served wrongly.
    Texts go to the EMBEDDER that is set; with minilm they stay on this machine.
    """
    if stream and report.wrong_share is not None:
        raise click.UsageError("--wrong-share chooses from pairs: leave --stream out.")
    if plot is not None:
        plots.check(plot)
    settings = read_settings()
    decision = rules.decision(settings)
    prepare_model(settings)
    files = _fitting(read_files(paths), stream=stream)
    texts = all_texts(files)
    with embedding_progress(len(set(texts))) as advance:
        try:
            embedded = embed(settings, texts, advance, kept_in=vectors)
        except EmbedderUnavailable as exc:
            raise click.ClickException(str(exc)) from exc
    if stream:
        _stream(files, embedded, decision, settings, as_json=report.as_json)
    else:
        _pairs(files, embedded, decision, report)
    if plot is not None:
        lines = curves(files, embedded, decision, stream=stream, k=settings.semantic_candidates)
        plots.draw(lines, plot, stream=stream)
        click.echo(f"Drawn into {plot}.", err=True)


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
    files: Sequence[LabelledFile], embedded: Embedded, decision: Decision, report: Report
) -> None:
    total = pooled(files, embedded, decision)
    chosen = None
    if report.wrong_share is not None:
        chosen = chosen_threshold(files, embedded, decision, report.wrong_share)
    if report.by is not None:
        groups = measured_groups(files, embedded, decision, report.by)
    else:
        groups = {file.name: measured_pairs(file, embedded, decision) for file in files}
    if report.as_json:
        shown: dict[str, object] = {**total.as_json()}
        if report.by is not None:
            shown[f"{report.by}s"] = {name: each.as_json() for name, each in groups.items()}
        if report.wrong_share is not None:
            shown["chosen"] = None if chosen is None else chosen.as_json()
        click.echo(json.dumps(shown))
        return
    tables.show(tables.pairs(groups, total))
    if report.show is not None:
        found = total.wrong if report.show == "wrong" else total.lost
        title = "Served wrongly" if report.show == "wrong" else "Refused wrongly"
        tables.show(tables.mistakes(title, found, report.most))
    if report.wrong_share is not None:
        tables.show(tables.choice(chosen, report.wrong_share))


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
def embedding_progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar of the texts that are embedded; what it gives takes counts as they finish."""
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
