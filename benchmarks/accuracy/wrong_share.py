"""Simulates the promise of MAX_WRONG_SHARE on labelled streams, beside other rules.

Run `python -m benchmarks.accuracy.wrong_share DATA [--runs 200] [--vectors FOLDER] [--plot FILE]`;
it prints the tables of docs/wrong-share.md. Each run draws the stream's order, the judge's errors,
the hits that are asked again, and what a noisy label hides; tenants of several groups take a fifth
of the runs or fewer. `--prior` prints what domain/promise/prior.py holds, `--trusted` how many are
wrong of what domain/promise/trust.py trusts, `--limits` how much any rule could serve by labels.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.accuracy.learning_adversaries import (
    ADVERSARIES,
    UNSEEN,
    print_adversaries,
    print_homogeneous,
    print_mixtures,
    print_worse_than_promised,
)
from benchmarks.accuracy.learning_limits import print_limits
from benchmarks.accuracy.learning_outcomes import (
    MEASURED,
    PROMISES,
    checked,
    exploring,
    kept,
    learning,
    many,
    rate,
    wrong,
)
from benchmarks.accuracy.learning_runs import best_fixed, fixed
from benchmarks.accuracy.learning_streams import (
    HELD_OUT,
    OWN,
    Candidates,
    as_candidates,
    candidates,
    compared,
    streams,
)
from benchmarks.plots import draw_lines
from llm_cache_proxy.cli.evaluation.files import read_files
from llm_cache_proxy.cli.evaluation.measuring import all_texts, labelled_pairs
from llm_cache_proxy.cli.evaluation.vectors import embed
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.promise import cell_of
from llm_cache_proxy.domain.promise.trust import LOWEST_TRUSTED, TRUSTED
from llm_cache_proxy.settings import read_settings

DEFAULT = 0.90
ATTACKED = "CheckList"
"""The stream that adversaries change; the guard vetoes more than half of its near candidates."""

ATTACKED_UNSEEN = "QQP"
"""Another, of which it vetoes one in eight: there adversaries are trusted."""


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
        near = np.array([cell.band >= LOWEST_TRUSTED for cell in stream.cells])[stream.cell]
        print(
            f"| {name} | {there.sum()} | {wrong_ones:.0f} | {wrong_ones / there.sum():.2%} "
            f"| {1 - there.sum() / near.sum():.0%} |"
        )


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
    parser.add_argument(
        "--limits", action="store_true", help="what labels alone let any rule serve"
    )
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
    if options.limits:
        print_limits(built)
        return
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
        print_adversaries(ATTACKED, built[ATTACKED], options.runs, PROMISES, ADVERSARIES)
    several = max(2, options.runs // 5)
    if ATTACKED_UNSEEN in built:
        attacked = built[ATTACKED_UNSEEN]
        print_adversaries(ATTACKED_UNSEEN, attacked, several, PROMISES[-1:], ADVERSARIES | UNSEEN)
    if ATTACKED in built:
        print(
            "| tenant of several groups | promise | kept | wrong of hits | hit rate "
            "| as one group | without the other |"
        )
        print("|---|---|---|---|---|---|---|")
        print_mixtures(ATTACKED, built[ATTACKED], several)
        print_worse_than_promised(ATTACKED, built[ATTACKED], several)
        print_homogeneous(max(2, options.runs // 20))
    if options.plot is not None:
        plot(built, max(5, options.runs // 20), options.plot)


if __name__ == "__main__":
    main()
