"""Fits how likely a candidate is right, and says what such a score is worth beside the cosine.

Run `python -m benchmarks.accuracy.pair_score DATA [--vectors FOLDER] [--write]`. It is fitted on
Banking77's training part (CC BY 4.0), over what the guard accepts, with the labels as read again
(`read_again`), and on nothing that is for measuring only; `--write` stores it as
domain/promise/score.json. The table shows, for each stream, the most that a threshold on cosine, on
the score, and on the truth itself would serve, chosen with all labels in hand. `--readings` says
what reading QQP's labels again has found.
"""

import argparse
import json
from math import log
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.learning_runs import best_by, best_fixed
from benchmarks.accuracy.learning_streams import candidates, compared, streams
from benchmarks.accuracy.logistic import fitted
from benchmarks.accuracy.read_again import digest, readings
from llm_cache_proxy.cli.evaluation.files import read_files
from llm_cache_proxy.cli.evaluation.measuring import all_texts
from llm_cache_proxy.cli.evaluation.vectors import embed
from llm_cache_proxy.domain.guard.pair.traits import Traits
from llm_cache_proxy.domain.promise import score
from llm_cache_proxy.domain.promise.cells import ACCEPTED
from llm_cache_proxy.settings import read_settings

PROMISES = (0.01, 0.02, 0.05)
_BANDS = (0.973, 0.94, 0.90, 0.85, 0.80)

Floats = npt.NDArray[np.float64]


def training(data: Path, vectors: Path | None) -> tuple[Floats, Floats]:
    """Features and labels, over what the guard accepts."""
    found = compared("Banking77 train", [data / "banking77_train.jsonl"], vectors)
    there = found.rule == ACCEPTED
    away = np.array([score.distance(similarity) for similarity in found.similarity[there]])
    return np.c_[away, found.traits[there]], found.right[there]


def fit(data: Path, vectors: Path | None) -> dict[str, object]:
    """The score, as it is stored.

    Its chances are those of candidates of which as many are wrong as right. How many are, differs
    from one tenant to the other; few are in what it is fitted on, and to expect that elsewhere
    would put most candidates into the highest bands.
    """
    features, labels = training(data, vectors)
    bias, *weights = fitted(features, labels, np.ones(len(labels))).tolist()
    even = bias - log(labels.sum() / (1 - labels).sum())
    away, *traits = (round(weight, 4) for weight in weights)
    named = dict(zip(Traits._fields, traits, strict=True))
    return {"bias": round(even, 4), "distance": away, "traits": named}


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
        same = readings("QQP").get(digest(row.a, row.b))
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
