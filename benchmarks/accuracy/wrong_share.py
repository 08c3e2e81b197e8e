"""Simulates the promise of MAX_WRONG_SHARE on labelled streams, beside other rules.

Run `python -m benchmarks.accuracy.wrong_share DATA [--runs 200] [--vectors FOLDER] [--plot FILE]`;
it prints the tables of docs/wrong-share.md. Each run draws the stream's order, the judge's errors,
the hits that are asked again, and what a noisy label hides; tenants of several groups take a fifth
of the runs or fewer. `--prior` prints what domain/promise/prior.py holds, `--trusted` how many are
wrong of what domain/promise/trust.py trusts.
"""

import argparse
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.learning_runs import Noise, Outcome, best_fixed, fixed, learned
from benchmarks.accuracy.learning_streams import (
    HELD_OUT,
    OWN,
    Candidates,
    as_candidates,
    candidates,
    compared,
    homogeneous,
    streams,
)
from benchmarks.accuracy.learning_vcache import vcache
from benchmarks.plots import draw_lines
from llm_cache_proxy.cli.evaluation.files import read_files
from llm_cache_proxy.cli.evaluation.measuring import all_texts, labelled_pairs
from llm_cache_proxy.cli.evaluation.vectors import embed
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.promise import cell_of
from llm_cache_proxy.domain.promise.evidence import GROUPS
from llm_cache_proxy.domain.promise.trust import TRUSTED
from llm_cache_proxy.settings import read_settings

PROMISES = (0.01, 0.02, 0.05)
MEASURED = Noise(false_alarms=0.01, missed=0.37)
POOR = Noise(false_alarms=0.10, missed=0.37)
KNOWN_CONTROLS = 2_000
DEFAULT = 0.90
ATTACKED = "CheckList"
"""The stream that adversaries change."""
Run = Callable[[Candidates, np.random.Generator], Outcome]


def many(stream: Candidates, runs: int, run: Run) -> list[Outcome]:
    """The outcomes of so many runs, each in an order of its own."""
    chances = (np.random.default_rng(seed) for seed in range(runs))
    return [run(stream.shuffled(chance), chance) for chance in chances]


def learning(promise: float, noise: Noise) -> Run:
    return lambda stream, chance: learned(stream, promise, noise, chance, KNOWN_CONTROLS)


def exploring(promise: float) -> Run:
    return lambda stream, chance: vcache(stream, promise, MEASURED, chance)


def changed(run: Run, change: Callable[[Candidates], Candidates]) -> Run:
    return lambda stream, chance: run(change(stream), chance)


def kept(found: Sequence[Outcome], promise: float) -> str:
    return f"{sum(each.wrong_share <= promise for each in found) / len(found):.1%}"


def kept_or_stopped(found: Sequence[Outcome], promise: float) -> str:
    good = sum(each.wrong_share <= promise or not each.serves for each in found)
    return f"{good / len(found):.1%}"


def rate(found: Sequence[Outcome], prompts: int) -> float:
    return statistics.fmean(each.hits for each in found) / prompts


def wrong(found: Sequence[Outcome]) -> float:
    return sum(each.wrong for each in found) / max(1, sum(each.hits for each in found))


def checked(found: Sequence[Outcome]) -> float:
    return sum(each.checked for each in found) / max(1, sum(each.hits for each in found))


def print_stream(name: str, stream: Candidates, runs: int) -> None:
    prompts = stream.prompts
    for promise in PROMISES:
        found = many(stream, runs, learning(promise, MEASURED))
        other = many(stream, max(2, runs // 20), exploring(promise))
        share = wrong(found)
        print(
            f"| {name} | {promise:.0%} | {kept(found, promise)} | {share:.2%} "
            f"| {rate(found, prompts):.2%} | {checked(found):.0%} "
            f"| {best_fixed(stream, share) / prompts:.2%} "
            f"| {best_fixed(stream, promise) / prompts:.2%} "
            f"| {rate(other, prompts):.2%} / {wrong(other):.1%} |",
            flush=True,
        )
    found = many(stream, min(runs, 20), lambda s, c: fixed(s, DEFAULT, c))
    print(
        f"| {name} | none ({DEFAULT:.2f}) | | {wrong(found):.2%} | {rate(found, prompts):.2%} "
        "| | | | |"
    )


def drifting(stream: Candidates) -> Candidates:
    """From half time on, a third of the pairs that were right is wrong."""
    later = np.arange(len(stream.right)) >= len(stream.right) // 2
    return replace(stream, right=np.where(later, stream.right * 2 / 3, stream.right))


def opposites(stream: Candidates) -> Candidates:
    """Nothing is right."""
    return replace(stream, right=np.zeros(len(stream.right)))


def partly_wrong(share: float) -> Callable[[Candidates], Candidates]:
    """So much of what the guard accepts is wrong, in every band, and all that it vetoes."""

    def change(stream: Candidates) -> Candidates:
        return replace(stream, right=np.where(stream.accepted, 1 - share, 0.0))

    return change


def print_adversaries(name: str, stream: Candidates, runs: int) -> None:
    cases: dict[str, tuple[Noise, Callable[[Candidates], Candidates]]] = {
        "drift at half time": (MEASURED, drifting),
        "nothing but near opposites": (MEASURED, opposites),
        "half of it wrong": (MEASURED, partly_wrong(0.5)),
        "a fifth of it wrong": (MEASURED, partly_wrong(0.2)),
        "a tenth of it wrong": (MEASURED, partly_wrong(0.1)),
        "a judge that errs at 10 %": (POOR, lambda order: order),
    }
    for case, (noise, change) in cases.items():
        for promise in PROMISES:
            found = many(stream, runs, changed(learning(promise, noise), change))
            most = np.percentile([each.wrong for each in found], 95)
            print(
                f"| {name}: {case} | {promise:.0%} | {kept(found, promise)} "
                f"| {kept_or_stopped(found, promise)} | {wrong(found):.2%} | {most:.0f} "
                f"| {rate(found, stream.prompts):.2%} "
                f"| {statistics.fmean(each.forgot for each in found):.2f} |",
                flush=True,
            )


def worse_than_promised(stream: Candidates, promise: float) -> Candidates:
    """Eight groups, in each of which a little more is wrong than is promised."""
    longer = stream.repeated(4)
    count = len(longer.cell)
    return replace(longer, right=np.full(count, 1 - 1.1 * promise), group=np.arange(count) % GROUPS)


def print_mixtures(name: str, stream: Candidates, runs: int) -> None:
    """The stream beside another that is hard, as two groups, as one, and without the other."""
    for case, times in (("as many near opposites", 1), ("three times as many", 3)):
        mixed = stream.beside(opposites(stream.repeated(times)))
        for promise in PROMISES:
            found = many(mixed, runs, learning(promise, MEASURED))
            others = (mixed.in_one_group(), stream)
            one, alone = (many(each, runs, learning(promise, MEASURED)) for each in others)
            print(
                f"| {name}, and {case} | {promise:.0%} | {kept(found, promise)} "
                f"| {wrong(found):.2%} | {rate(found, stream.prompts):.2%} "
                f"| {rate(one, stream.prompts):.2%} | {rate(alone, stream.prompts):.2%} |",
                flush=True,
            )
    promise = max(PROMISES)
    bad = worse_than_promised(stream, promise)
    found = many(bad, runs, learning(promise, MEASURED))
    print(
        f"| {name}, eight groups a little worse than promised | {promise:.0%} "
        f"| {kept(found, promise)} | {wrong(found):.2%} | {rate(found, bad.prompts):.2%} | | |"
    )


def print_homogeneous(runs: int) -> None:
    """One application whose fingerprints change: all candidates are of one kind, in k groups."""
    promise = max(PROMISES)
    for groups in (1, 2, 4, GROUPS):
        stream = homogeneous(groups)
        found = many(stream, runs, learning(promise, MEASURED))
        print(
            f"| one application in {groups} groups | {promise:.0%} | {kept(found, promise)} "
            f"| {wrong(found):.2%} | {rate(found, stream.prompts):.2%} | | |",
            flush=True,
        )


def print_trusted(data: Path, vectors: Path | None) -> None:
    """How many are wrong of what is trusted, in the pairs that it was chosen by."""
    files = streams(data)
    banking = [data / "banking77_train.jsonl"]
    known = {
        "Banking77 train": compared("Banking77 train", banking, vectors),
        "QQP, the other half": compared("QQP", files["QQP"], vectors).in_half(1 - HELD_OUT),
        **{name: compared(name, files[name], vectors) for name in files if name.startswith("our")},
    }
    for name, found in known.items():
        stream = as_candidates(found)
        there = np.isin(stream.cell, [stream.cells.index(cell) for cell in TRUSTED])
        wrong_ones = float((1 - stream.right[there]).sum())
        print(f"| {name} | {there.sum()} | {wrong_ones:.0f} | {wrong_ones / there.sum():.2%} |")


def print_prior() -> None:
    files = read_files(sorted(OWN.glob("*.jsonl")))
    embedded = embed(read_settings(), all_texts(files), lambda _: None)
    guard, pairs, bad = Guard(), Counter[str](), Counter[str]()
    for file in files:
        for row in labelled_pairs(file, embedded):
            verdict, traits = guard.compare_closely(row.a, row.b)
            rule = verdict.rule
            cell = cell_of(row.similarity, rule, traits)
            if cell is not None:
                name = f"{'vetoed' if rule else 'accepted'} band {cell.band}"
                pairs[name] += 1
                bad[name] += not row.label
    for name in sorted(pairs):
        print(f"{name}: {bad[name]} of {pairs[name]} wrong")


def plot(built: dict[str, Candidates], runs: int, path: Path) -> None:
    """Realised wrong share against the promise, for every stream."""
    promises = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10)
    lines = {"the promise": [100 * promise for promise in promises]}
    for name, stream in built.items():
        lines[name] = [
            100 * wrong(many(stream, runs, learning(promise, MEASURED))) for promise in promises
        ]
    draw_lines(
        [100 * promise for promise in promises],
        lines,
        path,
        labels=("promised: wrong of hits (%)", "realised: wrong of hits (%)"),
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--only", help="one stream by its name")
    parser.add_argument("--times", type=int, default=1, help="how often a stream is repeated")
    parser.add_argument("--prior", action="store_true")
    parser.add_argument("--trusted", action="store_true", help="what is trusted")
    options = parser.parse_args()
    if options.trusted:
        print_trusted(options.data, options.vectors)
        return
    if options.prior:
        print_prior()
        return
    built = {
        name: candidates(name, paths, options.vectors).repeated(options.times)
        for name, paths in reversed(streams(options.data).items())
        if options.only in {None, name}
    }
    print(
        "| stream | promise | kept | wrong of hits | hit rate | hits checked "
        "| best fixed, same share | best fixed, promise | vCache: hit rate / wrong |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, stream in built.items():
        print_stream(name, stream, options.runs)
    print(
        "| stream: adversary | promise | kept | kept, or stopped | wrong of hits "
        "| wrong hits, 95th percentile | hit rate | forgot |"
    )
    print("|---|---|---|---|---|---|---|---|")
    if ATTACKED in built:
        print_adversaries(ATTACKED, built[ATTACKED], options.runs)
        print(
            "| tenant of several groups | promise | kept | wrong of hits | hit rate "
            "| as one group | without the other |"
        )
        print("|---|---|---|---|---|---|---|")
        print_mixtures(ATTACKED, built[ATTACKED], max(2, options.runs // 5))
        print_homogeneous(max(2, options.runs // 20))
    if options.plot is not None:
        plot(built, max(5, options.runs // 20), options.plot)


if __name__ == "__main__":
    main()
