"""The same as `large_scope` at a million entries: half an hour, so that it is asked by name."""

from benchmarks.findings import Finding
from benchmarks.questions.vectors import large_scope


def measured() -> Finding:
    """A million entries in one scope."""
    return large_scope.measured(entries=1_000_000, most_ms=8, searches=200)
