"""The pairs of `tests/pairs`, written to get past the guard or to be refused by it, by kind."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from llm_cache_proxy.domain.guard import Guard

PROBED = Path(__file__).parents[2] / "pairs" / "probed.jsonl"


def by_kind() -> dict[tuple[str, bool], list[tuple[str, str]]]:
    found: dict[tuple[str, bool], list[tuple[str, str]]] = defaultdict(list)
    for row in map(json.loads, PROBED.read_text(encoding="utf-8").splitlines()):
        found[row["kind"], bool(row["label"])].append((row["a"], row["b"]))
    return found


PAIRS = by_kind()


@pytest.mark.parametrize("kind", [kind for kind, same in PAIRS if not same])
def test_no_pair_of_the_kind_is_taken_for_one(kind: str) -> None:
    guard = Guard()

    served = [pair for pair in PAIRS[kind, False] if guard.compare(*pair).accepted]

    assert served == []


@pytest.mark.parametrize("kind", [kind for kind, same in PAIRS if same])
def test_every_rewording_of_the_kind_is_taken_for_one(kind: str) -> None:
    guard = Guard()

    refused = [pair for pair in PAIRS[kind, True] if not guard.compare(*pair).accepted]

    assert refused == []
