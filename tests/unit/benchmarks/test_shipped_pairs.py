"""Facts about the pairs that are shipped: each is counted once, whichever file it is in."""

import json
from collections import defaultdict
from pathlib import Path

SHIPPED = Path(__file__).parents[3] / "benchmarks" / "pairs"


def test_no_pair_is_shipped_twice() -> None:
    places: dict[frozenset[str], list[str]] = defaultdict(list)

    for path in sorted(SHIPPED.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            row = json.loads(line)
            texts = frozenset((row["a"], row["b"]))
            places[texts].append(f"{path.name}:{number}")

    assert len(places) > 1_000
    assert [where for where in places.values() if len(where) > 1] == []
