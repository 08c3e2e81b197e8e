"""Fits how likely a candidate is right, and says what such a score is worth beside the cosine.

Run `python -m benchmarks.accuracy.pair_score DATA [--vectors FOLDER] [--write]`. It is fitted on
the half of QQP that the streams leave out and on Banking77's training part, over what the guard
accepts; `--write` stores it as domain/promise/score.json. The table shows, for each stream, the
most that a threshold on cosine, on the score, and on the truth itself would serve, chosen with all
labels in hand. `--readings` says what reading QQP's labels again has found.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.learning_runs import best_by, best_fixed
from benchmarks.accuracy.learning_streams import FITTED, Compared, candidates, compared, streams
from benchmarks.accuracy.logistic import fitted
from benchmarks.accuracy.qqp_labels import digest, readings
from llm_cache_proxy.cli.evaluation.files import read_files
from llm_cache_proxy.cli.evaluation.measuring import all_texts
from llm_cache_proxy.cli.evaluation.vectors import embed
from llm_cache_proxy.domain.guard.pair.traits import Traits
from llm_cache_proxy.domain.promise import score
from llm_cache_proxy.domain.promise.cells import ACCEPTED
from llm_cache_proxy.settings import read_settings

PROMISES = (0.01, 0.02, 0.05)
_BANDS = (0.973, 0.94, 0.90, 0.85, 0.80)
_BANKING = 0.15
"""What a pair of Banking77 counts: there are many, of one kind of question."""

Floats = npt.NDArray[np.float64]


def training(data: Path, vectors: Path | None) -> tuple[Floats, Floats, Floats]:
    """Features, labels and weights, over what the guard accepts."""
    qqp = compared("QQP", streams(data)["QQP"], vectors).in_half(FITTED)
    banking = compared("Banking77 train", [data / "banking77_train.jsonl"], vectors)
    parts = [_accepted(qqp, 1.0), _accepted(banking, _BANKING)]
    features, labels, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    return features, labels, weights


def _accepted(found: Compared, weight: float) -> tuple[Floats, Floats, Floats]:
    there = found.rule == ACCEPTED
    away = np.array([score.distance(similarity) for similarity in found.similarity[there]])
    features = np.c_[away, found.traits[there]]
    return features, found.right[there], np.full(len(features), weight)


def fit(data: Path, vectors: Path | None) -> dict[str, object]:
    """The score, as it is stored."""
    found = fitted(*training(data, vectors)).tolist()
    bias, away, *traits = (round(weight, 4) for weight in found)
    named = dict(zip(Traits._fields, traits, strict=True))
    return {"bias": bias, "distance": away, "traits": named}


def print_ceilings(data: Path, vectors: Path | None) -> None:
    print("| stream | wrong share | by cosine | by the score | by the truth |")
    print("|---|---|---|---|---|")
    for name, paths in reversed(streams(data).items()):
        stream = candidates(name, paths, vectors)
        for most in PROMISES:
            served = (
                best_fixed(stream, most),
                best_by(stream, stream.score, most),
                best_by(stream, stream.right, most),
            )
            shown = " | ".join(f"{hits / stream.prompts:.2%}" for hits in served)
            print(f"| {name} | {most:.0%} | {shown} |")


def print_readings(data: Path, vectors: Path | None) -> None:
    files = read_files(streams(data)["QQP"])
    embedded = embed(read_settings(), all_texts(files), lambda _: None, kept_in=vectors)
    found: dict[tuple[bool, float], list[bool]] = {}
    for row in (row for file in files for row in file.pairs):
        same = readings().get(digest(row.a, row.b))
        if same is not None:
            similarity = embedded.similarity(row.a, row.b)
            least = next((each for each in _BANDS if similarity >= each), _BANDS[-1])
            found.setdefault((row.label, least), []).append(same)
    print("| labelled as | similarity from | pairs | one answer serves both, as read |")
    print("|---|---|---|---|")
    for (label, least), read in sorted(found.items()):
        name = "the same" if label else "different"
        print(f"| {name} | {least} | {len(read)} | {sum(read) / len(read):.0%} |")


def main() -> None:
    """Fit, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--readings", action="store_true")
    options = parser.parse_args()
    if options.readings:
        print_readings(options.data, options.vectors)
        return
    found = fit(options.data, options.vectors)
    text = json.dumps(found, indent=2) + "\n"
    print(text)
    if options.write:
        Path(score.__file__).with_name("score.json").write_text(text)
    else:
        print_ceilings(options.data, options.vectors)


if __name__ == "__main__":
    main()
