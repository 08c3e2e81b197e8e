"""Measures the semantic tier by kind of text, on development data and on held-out data apart.

Run `python benchmarks/accuracy/semantic_accuracy.py DATA [--vectors FOLDER]`; it prints the table
of docs/semantic-accuracy.md. DATA is a folder of JSON lines of {"a", "b", "label"}. A pair belongs
to the held-out half by a hash of its group ("test", where a line has one, else the lesser of its
two texts), so that neither half depends on what the guard says of it.
"""

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from llm_cache_proxy.bootstrap.pipeline import guard_of
from llm_cache_proxy.cli.evaluation.vectors import Embedded, embed
from llm_cache_proxy.domain.evaluation import (
    Decision,
    LabelledPair,
    evaluate_pairs,
    wilson_interval,
)
from llm_cache_proxy.domain.requests.presets import semantic_rules
from llm_cache_proxy.settings import read_settings

KINDS = {
    "llm": "LLM-style prompts",
    "prompts2": "prompts of public sets",
    "checklist": "CheckList QQP tests",
    "qqp": "QQP",
    "sick": "SICK and STS sentences",
    "stsb": "SICK and STS sentences",
    "cannot_negation": "negated sentences",
    "cannot_antonym": "antonyms and negation",
    "finance": "finance and banking",
    "medical": "medical questions",
    "mrpc": "MRPC news sentences",
}
HEADINGS = (
    "kind | half | pairs | cosine: wrong / right | served: wrong / right | wrong left | right kept "
    "| wrong of served"
)
Row = tuple[str, str, bool]


def kind_of(path: Path, line: dict[str, str]) -> str:
    """What kind of pair a line is: by the file's name, or by its own word in `kinds.jsonl`."""
    if path.stem == "kinds":
        return f"kind: {line['kind']}"
    return next((kind for start, kind in KINDS.items() if path.stem.startswith(start)), path.stem)


def half_of(line: dict[str, str]) -> str:
    """Which half a pair belongs to."""
    group = line.get("test") or min(line["a"], line["b"])
    digest = hashlib.sha256(f"guard-split:{group}".encode()).digest()
    return "held out" if digest[0] < 128 else "development"  # noqa: PLR2004 - half of a byte


def rows_by_kind(folder: Path) -> dict[tuple[str, str], list[Row]]:
    """The pairs of each kind and half."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for line in map(json.loads, path.open(encoding="utf-8")):
            if "label" in line:
                row = (line["a"], line["b"], bool(line["label"]))
                found[kind_of(path, line), half_of(line)].append(row)
    return found


def judged(rows: list[Row], embedded: Embedded) -> Iterator[LabelledPair]:
    """The pairs with what the embedder says of them."""
    for a, b, label in rows:
        yield LabelledPair(a, b, label, embedded.similarity(a, b), embedded.is_whole(a, b))


def share(part: int, whole: int) -> str:
    """A share with its 95 % interval."""
    interval = wilson_interval(part, whole)
    if interval is None:
        return "–"
    return f"{part / whole:.1%} ({interval[0]:.1%}–{interval[1]:.1%})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--vectors", type=Path)
    arguments = parser.parse_args()
    settings = read_settings()
    rules = semantic_rules(settings.semantic_preset, settings.similarity_threshold)
    decision = Decision(rules.threshold, guard_of(settings))
    kinds = rows_by_kind(arguments.data)
    texts = (text for rows in kinds.values() for a, b, _ in rows for text in (a, b))
    embedded = embed(settings, texts, lambda _: None, kept_in=arguments.vectors)
    print(f"| {HEADINGS} |\n|{'---|' * 8}")
    for (kind, half), rows in sorted(kinds.items()):
        found = evaluate_pairs(judged(rows, embedded), decision)
        near, served = found.baseline, found.served
        print(
            f"| {kind} | {half} | {found.pairs:,} | {near.false:,} / {near.true:,} "
            f"| {served.false:,} / {served.true:,} | {share(served.false, near.false)} "
            f"| {share(served.true, near.true)} "
            f"| {share(served.false, served.false + served.true)} |"
        )


if __name__ == "__main__":
    main()
