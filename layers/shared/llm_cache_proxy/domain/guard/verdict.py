"""What the guard says about two prompts.

Never carries a whole prompt: `detail` names a few words at most.
"""

from dataclasses import dataclass

DECISION_VERSION = 4
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
