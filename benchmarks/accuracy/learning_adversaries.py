"""Streams that are made to break a promise, and tables of what comes of it."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.accuracy.learning_outcomes import (
    MEASURED,
    POOR,
    PROMISES,
    changed,
    kept,
    kept_or_stopped,
    learning,
    many,
    rate,
    wrong,
)
from benchmarks.accuracy.learning_runs import Noise
from benchmarks.accuracy.learning_streams import Candidates, homogeneous
from llm_cache_proxy.domain.promise.evidence import GROUPS


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


Case = tuple[Noise, Callable[[Candidates], Candidates]]

ADVERSARIES: dict[str, Case] = {
    "drift at half time": (MEASURED, drifting),
    "nothing but near opposites": (MEASURED, opposites),
    "half of it wrong": (MEASURED, partly_wrong(0.5)),
    "a fifth of it wrong": (MEASURED, partly_wrong(0.2)),
    "a tenth of it wrong": (MEASURED, partly_wrong(0.1)),
    "a judge that errs at 10 %": (POOR, lambda order: order),
}
UNSEEN: dict[str, Case] = {
    "6.5 % of it wrong": (MEASURED, partly_wrong(0.065)),
    "5.5 % of it wrong": (MEASURED, partly_wrong(0.055)),
}
"""Worlds that are a little worse than promised, so that it takes long to find out."""


def print_adversaries(
    name: str,
    stream: Candidates,
    runs: int,
    promises: Sequence[float],
    cases: Mapping[str, Case],
) -> None:
    for case, (noise, change) in cases.items():
        for promise in promises:
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


def print_worse_than_promised(name: str, stream: Candidates, runs: int) -> None:
    promise = max(PROMISES)
    bad = worse_than_promised(stream, promise)
    found = many(bad, runs, learning(promise, MEASURED))
    print(
        f"| {name}, eight groups a little worse than promised | {promise:.0%} "
        f"| {kept(found, promise)} | {wrong(found):.2%} | {rate(found, bad.prompts):.2%} | | |",
        flush=True,
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
