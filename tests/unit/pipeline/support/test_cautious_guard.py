"""Facts about a guard that fails: a veto and a line in the log, never a failed request."""

from typing import TYPE_CHECKING

import pytest

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.pipeline.support.cautious_guard import FAILED, CautiousGuard

if TYPE_CHECKING:
    from llm_cache_proxy.domain.guard.pair.traits import Traits
    from llm_cache_proxy.domain.guard.rule import Verdict


class FaultyGuard(Guard):
    """Fails on every pair, with the prompts in its message."""

    def compare(self, a: str, b: str) -> "Verdict":
        raise IndexError(f"{a} and {b}")

    def compare_closely(self, a: str, b: str) -> "tuple[Verdict, Traits]":
        raise IndexError(f"{a} and {b}")


def test_a_guard_that_fails_vetoes_and_no_prompt_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard = CautiousGuard(FaultyGuard())

    verdict = guard.compare("my secret", "your secret")
    closely, _ = guard.compare_closely("my secret", "your secret")

    assert (verdict.accepted, verdict.rule, verdict.detail) == (False, FAILED, "IndexError")
    assert closely == verdict
    assert "the guard failed with IndexError at " in caplog.text
    assert "secret" not in caplog.text


def test_any_other_verdict_is_the_guards_own() -> None:
    guard = Guard(frozenset({"numbers"}))
    cautious = CautiousGuard(guard)
    cautious.load()

    for pair in (("Is 5 prime?", "Is 6 prime?"), ("Is it safe?", "Is it unsafe?")):
        assert cautious.compare(*pair) == guard.compare(*pair)
        assert cautious.compare_closely(*pair) == guard.compare_closely(*pair)
    assert cautious.decision_version == guard.decision_version
