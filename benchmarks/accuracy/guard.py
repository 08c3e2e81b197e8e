"""Measures what the guard costs: for a pair of prompts, at first use, and for hostile texts.

Run `python benchmarks/accuracy/guard.py [--rounds 5]`; it prints a Markdown table of processor
time. "New" pairs are compared for the first time, so that both texts are taken apart; "half known"
is the usual case of a cache, where the stored prompt was compared before. The reference is the time
that the standard library takes to sort 1,000 numbers, so that ratios carry over between machines.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from llm_cache_proxy.domain.guard import LONGEST_TEXT, Guard
from llm_cache_proxy.domain.guard.text.analysis import analyse

PAIRS = Path(__file__).parents[1] / "pairs"
HOSTILE = ("not ", "a ", '"a', "漢", "a@", "1,", "from A to B by C ", "Aa ")
NUMBERS = random.Random(7).sample(range(1_000_000), 1_000)  # noqa: S311 - no secret


def pairs() -> list[tuple[str, str]]:
    """Every pair of the labelled prompts in the repository."""
    lines = (line for path in sorted(PAIRS.glob("*.jsonl")) for line in path.open(encoding="utf-8"))
    return [(row["a"], row["b"]) for row in map(json.loads, lines)]


def spent(work: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    started = time.process_time_ns()
    work()
    return (time.process_time_ns() - started) / 1e6


def first_use() -> float:
    """Milliseconds of the very first comparison, which reads the word lists."""
    return spent(lambda: Guard().compare("What is Rust?", "Tell me what Rust is"))


def compared(every: Iterable[tuple[str, str]], known: Callable[[str], object]) -> list[float]:
    """Milliseconds of each comparison, after `known` has seen the first text."""
    guard = Guard()
    found: list[float] = []
    for a, b in every:
        analyse.cache_clear()
        known(a)
        found.append(spent(partial(guard.compare, a, b)))
    return found


def hostile() -> float:
    """Milliseconds of the costliest of some texts made to be costly, of the greatest length."""
    texts = ((piece * LONGEST_TEXT)[:LONGEST_TEXT] for piece in HOSTILE)
    return max(compared(((text, text[:-2] + "zz") for text in texts), lambda _: None))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    opening = first_use()
    reference = min(spent(lambda: sorted(NUMBERS)) for _ in range(200))
    every = pairs() * rounds
    print("| comparison | mean ms | p99 ms | mean / sorting 1,000 numbers |")
    print("|---|---|---|---|")
    for title, known in (("new pair", lambda _: None), ("half known", analyse)):
        found = compared(every, known)
        mean, p99 = statistics.fmean(found), statistics.quantiles(found, n=100)[98]
        print(f"| {title} | {mean:.3f} | {p99:.3f} | {mean / reference:.1f} |")
    print(f"| first use | {opening:.1f} | | {opening / reference:.0f} |")
    worst = hostile()
    print(f"| hostile, {LONGEST_TEXT:,} characters | {worst:.0f} | | {worst / reference:.0f} |")


if __name__ == "__main__":
    main()
