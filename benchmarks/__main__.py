"""Ask the questions named, or all of them, and write `docs/benchmarks.md` from what is known.

`python -m benchmarks [exact_hit …]`; `make bench ONLY=exact_hit` is the same.
"""

import argparse
import importlib
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.findings import KEPT, Finding, Table
from benchmarks.plots import draw
from benchmarks.rig import machine

QUESTIONS = {
    "exact_hit": "requests",
    "workers": "requests",
    "spans": "requests",
    "function_hit": "deployment",
    "cold_start": "deployment",
    "entries": "requests",
    "misses": "requests",
    "semantic_hit": "requests",
    "vector_search": "vectors",
    "large_scope": "vectors",
    "million_scope": "vectors",
    "embedding": "vectors",
    "embeddings": "requests",
    "peers_exact": "peers",
    "peers_callers": "peers",
    "peers_semantic": "peers",
    "peers_import": "peers",
    "sizes": "deployment",
    "dollars": "deployment",
}
"""By name the folder that it is in, in the order of the document."""
WHEN_NAMED = frozenset({"million_scope"})
"""Takes half an hour: asked only where it is named."""
SHARED = (
    "The machine was shared while it measured: ratios and CPU time carry over better than "
    "milliseconds on the clock.\n"
)
REASONS = (
    "Some budgets are what is aimed at: how near each that is missed came, and what stands in the "
    "way, is in [Where the time of a request goes](benchmarks/flames.md#what-misses-its-budget).\n"
)
DOCUMENT = Path("docs/benchmarks.md")


def main() -> int:
    """Ask, print, keep and write; 1 where a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", nargs="*", help=f"of {', '.join(QUESTIONS)}")
    usual = [name for name in QUESTIONS if name not in WHEN_NAMED]
    asked = parser.parse_args().questions or usual
    if unknown := sorted(set(asked) - set(QUESTIONS)):
        parser.error(f"no question: {', '.join(unknown)}")
    for name in asked:
        started = time.monotonic()
        finding = _measured(name)
        print(finding.markdown())
        print(f"({name} took {time.monotonic() - started:.0f} s)\n", file=sys.stderr)
    known = {name: KEPT / f"{name}.json" for name in QUESTIONS}
    findings = [Finding.read(path) for path in known.values() if path.exists()]
    _write_document(findings)
    print(_budgets(findings).markdown())
    return 0 if all(budget.kept for each in findings for budget in each.budgets) else 1


def _measured(name: str) -> Finding:
    module = importlib.import_module(f"benchmarks.questions.{QUESTIONS[name]}.{name}")
    load = machine.busy()
    finding: Finding = module.measured()
    stamp = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {load:.1f} before"
    finding = replace(finding, measured_at=stamp)
    finding.write(KEPT / f"{name}.json")
    return finding


def _budgets(findings: list[Finding]) -> Table:
    rows = [budget.row() for finding in findings for budget in finding.budgets]
    return Table("Budgets", ["what", "budget", "figure", ""], rows)


def _write_document(findings: list[Finding]) -> None:
    parts = [
        "# Benchmarks\n",
        "Written by `make bench`; every comparison has both sides in one run, on this machine:\n",
        machine.described(),
        SHARED,
        _budgets(findings).markdown(),
        REASONS,
    ]
    for finding in findings:
        parts += [finding.markdown(), f"*Measured {finding.measured_at}.*\n"]
        for curves in finding.curves:
            draw(curves, DOCUMENT.parent / "benchmarks" / f"{curves.name}.svg")
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
