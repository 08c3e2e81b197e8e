"""Measures how often two answers that say the same agree, and two that do not.

Run `python -m benchmarks.accuracy.answer_agreement FILE [--vectors FOLDER] [--fit]`; it prints the
table of docs/wrong-share.md. FILE holds JSON lines `{"prompt", "answers": {model: text}}`; near
misses come from benchmarks/answers. `--fit` prints the weights of `domain/answers/agreement.py`
anew.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.logistic import fitted
from llm_cache_proxy.cli.evaluation.vectors import Embedded, embed
from llm_cache_proxy.domain.answers import (
    LEAST_AGREEMENT,
    Comparison,
    agreement,
    clearly_differs,
    compared,
)
from llm_cache_proxy.settings import read_settings

NEAR_MISSES = Path(__file__).parents[1] / "answers" / "near_misses.jsonl"
SMALL = ("8B",)
TERSE = ("concise",)
NEAREST, LEAST_SIMILARITY = 4, 0.40  # prompts that count as near one another
WEIGHTED = ("similarity", "covered", "overlap", "contradicted", "numbers_differ", "stances_differ")
OLD_CUT = 0.80
MOST_PASSING = 0.02
"""Share of answers to different prompts that a calibrated cut lets pass."""


@dataclass(frozen=True, slots=True)
class Case:
    """Two answers, the prompts they answer, and whether those are one prompt."""

    kind: str
    prompts: tuple[str, str]
    answers: tuple[str, str]
    same: bool


def cases_of_models(rows: Sequence[dict[str, dict[str, str]]]) -> Iterator[Case]:
    """Each row's answers by two models, for every pair of models."""
    for row in rows:
        prompt, answers = str(row["prompt"]), row["answers"]
        names = sorted(answers)
        for at, one in enumerate(names):
            for other in names[at + 1 :]:
                yield Case(
                    kind_of(one, other), (prompt, prompt), (answers[one], answers[other]), True
                )


def kind_of(one: str, other: str) -> str:
    """How two models stand to one another, by their names."""
    both = (one, other)
    if any(mark in name for mark in SMALL for name in both):
        return "same prompt, a large and a small model"
    if any(mark in name for mark in TERSE for name in both):
        return "same prompt, a terse and a wordy model"
    if all("gpt" in name for name in both):
        return "same prompt, sibling models"
    return "same prompt, two makers' large models"


def cases_of_others(
    rows: Sequence[dict[str, dict[str, str]]], embedded: Embedded
) -> Iterator[Case]:
    """Answers to different prompts: to the nearest ones, and to any."""
    chance = random.Random(1)  # noqa: S311 - no secret
    prompts = [str(row["prompt"]) for row in rows]
    vectors = embedded.vectors[[embedded.at[prompt] for prompt in prompts]]
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    for one, prompt in enumerate(prompts):
        near = [int(at) for at in np.argsort(-likeness[one])[:NEAREST]]
        any_other = [at for at in chance.sample(range(len(rows)), 5) if at != one]
        for kind, others in (
            ("different prompts, near", [a for a in near if likeness[one, a] >= LEAST_SIMILARITY]),
            ("different prompts, any", any_other),
        ):
            for other in others:
                for _ in range(3):
                    first, second = (
                        chance.choice(sorted(rows[at]["answers"].items()))[1] for at in (one, other)
                    )
                    yield Case(kind, (prompt, prompts[other]), (first, second), False)


def cases_of_near_misses() -> Iterator[Case]:
    """Our own answers: two to one prompt, and one to a prompt that a word parts from it."""
    for row in map(json.loads, NEAR_MISSES.open(encoding="utf-8")):
        prompt, near = row["prompt"], row["near"]
        yield Case("near misses: same prompt", (prompt, prompt), tuple(row["answers"]), True)
        for answer in row["answers"]:
            yield Case("near misses: other prompt", (prompt, near), (answer, row["other"]), False)


def share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.1%}"


def print_table(cases: Sequence[Case], found: Sequence[Comparison]) -> None:
    """One line a kind of pair."""
    print("| pairs | number | cosine ≥ 0.80 | agree | differ clearly |")
    print("|---|---|---|---|---|")
    for kind in dict.fromkeys(case.kind for case in cases):
        own = [each for case, each in zip(cases, found, strict=True) if case.kind == kind]
        old = share([each.similarity >= OLD_CUT for each in own])
        new = share([agreement(each) >= LEAST_AGREEMENT for each in own])
        clear = share([clearly_differs(each) for each in own])
        print(f"| {kind} | {len(own):,} | {old} | {new} | {clear} |")


def print_calibrated(cases: Sequence[Case], found: Sequence[Comparison]) -> None:
    """What agrees at the least cut that few answers to different prompts pass."""
    figures = np.array([agreement(each) for each in found])
    for others in ("different prompts, any", "different prompts, near"):
        passing = figures[[case.kind == others for case in cases]]
        cut = float(np.quantile(passing, 1 - MOST_PASSING, method="higher"))
        print(
            f"at {cut:.2f}, which {share([bool(each > cut) for each in passing])} of {others} pass:"
        )
        for kind in dict.fromkeys(case.kind for case in cases if case.same):
            own = [bool(figures[at] > cut) for at, case in enumerate(cases) if case.kind == kind]
            print(f"  {kind}: {share(own)}")


def weights(cases: Sequence[Case]) -> npt.NDArray[np.float64]:
    """Each kind counts the same, whatever its number; near misses by others count twice."""
    kinds = [case.kind for case in cases]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    twice = "near misses: other prompt"
    return np.array([(2.0 if kind == twice else 1.0) * 200 / counts[kind] for kind in kinds])


def print_fit(cases: Sequence[Case], found: Sequence[Comparison]) -> None:
    """The weights, and the share that agrees where the weights were fitted on other prompts."""
    names = [field.name for field in fields(Comparison)]
    columns = [names.index(name) for name in WEIGHTED]
    features = np.array([astuple(each) for each in found], dtype=float)[:, columns]
    same = np.array([case.same for case in cases], dtype=float)
    heavy = weights(cases)
    print(dict(zip(("bias", *WEIGHTED), fitted(features, same, heavy).round(2), strict=True)))
    halves = np.array([len(case.prompts[0]) % 2 for case in cases], dtype=bool)
    passed = np.zeros(len(cases), dtype=bool)
    least = np.log(LEAST_AGREEMENT / (1 - LEAST_AGREEMENT))
    for half in (halves, ~halves):
        fit = fitted(features[half], same[half], heavy[half])
        passed[~half] = fit[0] + features[~half] @ fit[1:] >= least
    for kind in dict.fromkeys(case.kind for case in cases):
        own = [bool(passed[at]) for at, case in enumerate(cases) if case.kind == kind]
        print(f"fitted on the other half: {kind}: {share(own)}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.file.open(encoding="utf-8")]
    own = list(cases_of_near_misses())
    texts = [str(row["prompt"]) for row in rows]
    texts += [answer for row in rows for answer in row["answers"].values()]
    texts += [answer for case in own for answer in case.answers]
    embedded = embed(read_settings(), texts, lambda _: None, kept_in=options.vectors)
    cases = [*cases_of_models(rows), *cases_of_others(rows, embedded), *own]
    found = [
        compared(case.prompts, case.answers, embedded.similarity(*case.answers)) for case in cases
    ]
    print_table(cases, found)
    print_calibrated(cases, found)
    if options.fit:
        print_fit(cases, found)


if __name__ == "__main__":
    main()
