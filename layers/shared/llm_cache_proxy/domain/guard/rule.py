"""What a rule of the guard is, and what the guard says about two prompts.

A rule never accepts; it vetoes or stays silent. A verdict never carries a whole prompt: `detail`
names a few words at most.
"""

from collections.abc import Callable
from dataclasses import dataclass

from llm_cache_proxy.domain.guard.pair.pair import Pair

DECISION_VERSION = 15
"""Raised whenever the rules change, so that promoted aliases are judged again."""

_LONGEST_DETAIL = 120


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one answer may serve both prompts; if not, the first rule that vetoed and why."""

    accepted: bool
    rule: str | None
    detail: str | None


ACCEPTED = Verdict(accepted=True, rule=None, detail=None)


def veto(rule: str, detail: str) -> Verdict:
    """A veto by `rule`, with `detail` cut to a length that cannot hold a prompt."""
    return Verdict(accepted=False, rule=rule, detail=detail[:_LONGEST_DETAIL])


Check = Callable[[Pair], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named difference: what it looks at, pairs it vetoes, near pairs it lets pass.

    `check` returns a short explanation when the two analysed texts differ, else None.
    `any_language` is true of a rule that needs no English.
    """

    name: str
    looks_at: str
    vetoes: tuple[tuple[str, str], ...]
    passes: tuple[tuple[str, str], ...]
    check: Check
    any_language: bool = False
