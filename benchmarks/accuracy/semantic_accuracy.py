"""Measures the semantic tier by kind of text, on development data and on held-out data apart.

Run `python benchmarks/accuracy/semantic_accuracy.py DATA [--vectors FOLDER]`; it prints a table of
docs/semantic-accuracy.md, and one of the kinds of traps where DATA has them. DATA is a folder of
JSON lines of {"a", "b", "label"}. A pair belongs to the held-out half by a hash of its group
("test", where a line has one, else the lesser of its two texts), so that neither half depends on
what the guard says of it.
"""

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from llm_cache_proxy.bootstrap.pipeline import guard_of
from llm_cache_proxy.cli.evaluation.vectors import Embedded, embed
from llm_cache_proxy.domain.evaluation import (
    Accepted,
    Decision,
    Evaluation,
    LabelledPair,
    evaluate_pairs,
    wilson_interval,
)
from llm_cache_proxy.domain.requests.presets import semantic_rules
from llm_cache_proxy.settings import read_settings

KINDS = {
    "llm": "LLM-style prompts",
    "checklist": "CheckList QQP tests",
    "qqp": "QQP",
    "sick": "SICK and STS sentences",
    "stsb": "SICK and STS sentences",
    "cannot_negation": "negated sentences",
    "cannot_antonym": "antonyms and negation",
    "mrpc": "MRPC news sentences",
    "finance": "finance and banking",
    "medical": "medical questions",
    "kinds": "ten kinds of traps",
    "words": "words and sentences",
    "unread": "the same kinds, unread",
    "unseen": "the same kinds, once unseen",
    "everyday": "the same kinds in everyday prompts",
    "prompts2": "prompts of public sets",
    "reworded": "reworded",
}
"""How a file's name starts → what is in it, in the order of the table."""
LOOKED_AT = frozenset(
    {
        "prompts of public sets",
        "reworded",
        "ten kinds of traps",
        "words and sentences",
        "the same kinds, once unseen",
        "the same kinds in everyday prompts",
    }
)
"""Of these the held-out half was read as well, so that it counts as none."""
UNREAD = frozenset({"the same kinds, unread"})
"""Written apart from the guard, and never looked at: all of them are held out."""
HALVES = ("held out", "development")
HEADINGS = (
    "kind | half | pairs | cosine: wrong / right | served: wrong / right | wrong left | right kept "
    "| wrong of served"
)
TRAP_HEADINGS = "pairs of the kind | cosine: wrong / right | served: wrong / right"


class Row(NamedTuple):
    """A pair, its label, and the kind of trap that it is, if the file names one."""

    a: str
    b: str
    label: bool
    trap: str


def kind_of(path: Path) -> str:
    """What kind of pairs a file holds, by its name."""
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
                row = Row(line["a"], line["b"], bool(line["label"]), line.get("kind", ""))
                kind = kind_of(path)
                half = HALVES[0] if kind in UNREAD else half_of(line)
                found[kind, half].append(row)
    return found


def judged(rows: Iterable[Row], embedded: Embedded) -> Iterator[LabelledPair]:
    """The pairs with what the embedder says of them."""
    for a, b, label, _ in rows:
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
    texts = (text for rows in kinds.values() for row in rows for text in (row.a, row.b))
    embedded = embed(settings, texts, lambda _: None, kept_in=arguments.vectors)

    def measured(rows: Iterable[Row]) -> Evaluation:
        return evaluate_pairs(judged(rows, embedded), decision)

    print(f"| {HEADINGS} |\n|{'---|' * 8}")
    for kind in sorted({kind for kind, _ in kinds}, key=[*KINDS.values()].index):
        for half in (half for half in HALVES if kinds[kind, half]):
            print(f"| {table_row(kind, half, measured(kinds[kind, half]))} |")
    traps = sorted({row.trap for rows in kinds.values() for row in rows} - {""})
    if traps:
        print(f"\n| {TRAP_HEADINGS} |\n|{'---|' * 3}")
    for trap in traps:
        halves = [
            measured(row for (_, of), rows in kinds.items() if of == half for row in rows
                     if row.trap == trap)
            for half in reversed(HALVES)
        ]  # fmt: skip
        sides = (
            [counts(half.baseline) for half in halves],
            [counts(half.served) for half in halves],
        )
        print(f"| {trap} | {' | '.join(' – '.join(side) for side in sides)} |")


def counts(hits: Accepted) -> str:
    """How many were wrong and right."""
    return f"{hits.false:,} / {hits.true:,}"


def table_row(kind: str, half: str, found: Evaluation) -> str:
    """A line of the table, in bold where nobody had seen the pairs."""
    near, served = found.baseline, found.served
    if kind in LOOKED_AT:
        half = f"looked at ({half})"
    cells = (
        f"**{kind}**" if half == "held out" else kind,
        half,
        f"{found.pairs:,}",
        counts(near),
        counts(served),
        share(served.false, near.false),
        share(served.true, near.true),
        share(served.false, served.false + served.true),
    )
    return " | ".join(cells)


if __name__ == "__main__":
    main()
