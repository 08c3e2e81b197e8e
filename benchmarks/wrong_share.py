"""Simulates the promise of MAX_WRONG_SHARE on labelled streams, beside other rules.

Run `python -m benchmarks.wrong_share DATA [--runs 200] [--vectors FOLDER] [--plot FILE]`; it prints
the tables of docs/wrong-share.md. Each run draws the stream's order, the judge's errors, the hits
that are asked again, and what a noisy label hides. `--prior` prints what domain/promise/prior.py
holds.
"""

import argparse
import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.learning_runs import (
    Candidate,
    Noise,
    Outcome,
    best_fixed,
    fixed,
    learned,
    vcache,
)
from benchmarks.learning_streams import OWN, candidates, streams
from benchmarks.plots import draw_lines
from llm_cache_proxy.cli.evaluation.files import read_files
from llm_cache_proxy.cli.evaluation.measuring import all_texts, labelled_pairs
from llm_cache_proxy.cli.evaluation.vectors import embed
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.promise import cell_of
from llm_cache_proxy.settings import read_settings

PROMISES = (0.01, 0.02, 0.05)
MEASURED = Noise(false_alarms=0.01, missed=0.37)
POOR = Noise(false_alarms=0.10, missed=0.37)
KNOWN_CONTROLS = 2_000
DEFAULT = 0.90
Run = Callable[[list[Candidate], random.Random], Outcome]


def many(
    stream: Sequence[Candidate], runs: int, run: Run, *, shuffled: bool = True
) -> list[Outcome]:
    found = []
    for seed in range(runs):
        chance = random.Random(seed)  # noqa: S311 - no secret
        order = list(stream)
        if shuffled:
            chance.shuffle(order)
        found.append(run(order, chance))
    return found


def learning(promise: float, noise: Noise, known: int) -> Run:
    controls = (float(known), known * noise.false_alarms)
    return lambda order, chance: learned(order, promise, noise, chance, controls=controls)


def kept(found: Sequence[Outcome], promise: float) -> str:
    return f"{sum(each.wrong_share <= promise for each in found) / len(found):.0%}"


def rate(found: Sequence[Outcome], prompts: int) -> float:
    return statistics.fmean(each.hits for each in found) / prompts


def wrong(found: Sequence[Outcome]) -> float:
    return sum(each.wrong for each in found) / max(1, sum(each.hits for each in found))


def print_stream(name: str, prompts: int, stream: Sequence[Candidate], runs: int) -> None:
    for promise in PROMISES:
        found = many(stream, runs, learning(promise, MEASURED, KNOWN_CONTROLS))
        least = many(stream, max(2, runs // 20), lambda o, c, p=promise: vcache(o, p, MEASURED, c))
        share = wrong(found)
        print(
            f"| {name} | {promise:.0%} | {kept(found, promise)} | {share:.2%} "
            f"| {rate(found, prompts):.2%} | {best_fixed(stream, share) / prompts:.2%} "
            f"| {best_fixed(stream, promise) / prompts:.2%} "
            f"| {rate(least, prompts):.2%} / {wrong(least):.1%} |",
            flush=True,
        )
    found = many(stream, min(runs, 20), lambda o, c: fixed(o, DEFAULT, c))
    share, hits = wrong(found), rate(found, prompts)
    print(f"| {name} | none ({DEFAULT:.2f}) | | {share:.2%} | {hits:.2%} | | | |")


def drifting(stream: list[Candidate]) -> list[Candidate]:
    """From half time on, a third of the pairs that were right is wrong."""
    half = len(stream) // 2
    return stream[:half] + [each._replace(right=each.right * 2 / 3) for each in stream[half:]]


def print_adversaries(prompts: int, stream: Sequence[Candidate], runs: int) -> None:
    opposites = [each._replace(right=0.0) for each in stream]
    cases: dict[str, tuple[Noise, Callable[[list[Candidate]], list[Candidate]]]] = {
        "drift at half time": (MEASURED, drifting),
        "nothing but near opposites": (MEASURED, lambda _: opposites),
        "a judge that errs at 10 %": (POOR, lambda order: order),
    }
    for name, (noise, change) in cases.items():
        for promise in PROMISES:
            run = learning(promise, noise, KNOWN_CONTROLS)
            found = many(stream, runs, lambda o, c, r=run, f=change: r(f(o), c))
            print(
                f"| {name} | {promise:.0%} | {kept(found, promise)} | {wrong(found):.2%} "
                f"| {rate(found, prompts):.2%} "
                f"| {statistics.fmean(each.forgot for each in found):.1f} |",
                flush=True,
            )


def print_prior() -> None:
    files = read_files(sorted(OWN.glob("*.jsonl")))
    embedded = embed(read_settings(), all_texts(files), lambda _: None)
    guard, pairs, bad = Guard(), Counter[str](), Counter[str]()
    for file in files:
        for row in labelled_pairs(file, embedded):
            rule = guard.compare(row.a, row.b).rule
            cell = cell_of(row.similarity, rule)
            if cell is not None:
                name = f"{'vetoed' if rule else 'accepted'} band {cell.band}"
                pairs[name] += 1
                bad[name] += not row.label
    for name in sorted(pairs):
        print(f"{name}: {bad[name]} of {pairs[name]} wrong")


def plot(streams_: dict[str, tuple[int, list[Candidate]]], runs: int, path: Path) -> None:
    """Realised wrong share against the promise, for every stream."""
    promises = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10)
    lines = {"the promise": [100 * promise for promise in promises]}
    for name, (_, stream) in streams_.items():
        lines[name] = [
            100 * wrong(many(stream, runs, learning(promise, MEASURED, KNOWN_CONTROLS)))
            for promise in promises
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
    parser.add_argument("--only", help="one stream by its name, without adversaries")
    parser.add_argument("--prior", action="store_true")
    options = parser.parse_args()
    if options.prior:
        print_prior()
        return
    built = {
        name: candidates(paths, noisy=name == "QQP", kept_in=options.vectors)
        for name, paths in streams(options.data).items()
        if options.only in {None, name}
    }
    print(
        "| stream | promise | kept | wrong of hits | hit rate | best fixed, same share "
        "| best fixed, promise | vCache: hit rate / wrong |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in reversed(built):
        print_stream(name, *built[name], options.runs)
    if options.only is not None:
        return
    print("| adversary (CheckList) | promise | kept | wrong of hits | hit rate | forgot |")
    print("|---|---|---|---|---|---|")
    print_adversaries(*built["CheckList"], options.runs)
    if options.plot is not None:
        plot(built, max(5, options.runs // 20), options.plot)


if __name__ == "__main__":
    main()
