"""What a client's key has used and what is reserved for it: arithmetic over windows of time.

Requests are counted in windows of a minute that begin with a request; tokens by the day and
nano-dollars by the month, both of UTC. The Redis script `keys.lua` counts the same way.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from llm_cache_proxy.domain.record import record

MINUTE_SECONDS = 60
DAY_SECONDS = 86_400

USAGE = "usage:"
"""Counts with names like `usage:<key id>:t:<day>` (`n:<month>`) change a key's usage."""


@record()
class KeyUsage:
    """What a key has used: in the minute from `window_start`, on `day`, and in `month`."""

    window_start: int = 0
    requests: int = 0
    day: int = 0
    tokens: int = 0
    month: int = 0
    nano_dollars: int = 0

    def at(self, now: int) -> "KeyUsage":
        """The same, without what belongs to a minute, day or month that is over."""
        fresh = self
        if not self.window_start <= now < self.window_start + MINUTE_SECONDS:
            fresh = replace(fresh, window_start=now, requests=0)
        if fresh.day != day_of(now):
            fresh = replace(fresh, day=day_of(now), tokens=0)
        if fresh.month != month_of(now):
            fresh = replace(fresh, month=month_of(now), nano_dollars=0)
        return fresh


@record()
class Charge:
    """What was reserved of a key's budgets, to be corrected once the cost is known."""

    key_id: str
    day: int
    month: int
    tokens: int = 0
    nano_dollars: int = 0

    def corrected_to(self, tokens: int, nano_dollars: int) -> dict[str, int]:
        """The counts that make the charge what it should have been."""
        changes = {
            f"{USAGE}{self.key_id}:t:{self.day}": tokens - self.tokens,
            f"{USAGE}{self.key_id}:n:{self.month}": nano_dollars - self.nano_dollars,
        }
        return {name: amount for name, amount in changes.items() if amount}


def charged(usage: KeyUsage, charge: Charge) -> KeyUsage:
    """The usage with the charge in it."""
    return replace(
        usage,
        tokens=usage.tokens + charge.tokens,
        nano_dollars=usage.nano_dollars + charge.nano_dollars,
    )


def corrected(usage: KeyUsage, what: str, period: int, amount: int) -> KeyUsage:
    """The usage after a count named `usage:<key id>:<what>:<period>`.

    One of a day or a month that is over changes nothing.
    """
    if what == "t" and period >= usage.day:
        held = usage.tokens if period == usage.day else 0
        return replace(usage, day=period, tokens=max(0, held + amount))
    if what == "n" and period >= usage.month:
        held = usage.nano_dollars if period == usage.month else 0
        return replace(usage, month=period, nano_dollars=max(0, held + amount))
    return usage


def corrections(counts: Mapping[str, int]) -> list[tuple[str, str, int, int]]:
    """Key id, what, period and amount of every count that changes a key's usage."""
    named = [(name.split(":"), amount) for name, amount in counts.items() if name.startswith(USAGE)]
    return [(key_id, what, int(period), amount) for (_, key_id, what, period), amount in named]


def day_of(now: float) -> int:
    """Days since 1970-01-01, UTC."""
    return int(now) // DAY_SECONDS


def month_of(now: float) -> int:
    """Months since the year 0, UTC."""
    date = datetime.fromtimestamp(int(now), UTC)
    return date.year * 12 + date.month - 1


def day_seconds_left(now: int) -> int:
    """Seconds until midnight, UTC."""
    return DAY_SECONDS - now % DAY_SECONDS


def month_seconds_left(now: int) -> int:
    """Seconds until the next month, UTC."""
    return month_span(now)[1] - now


def month_span(now: float) -> tuple[int, int]:
    """When this month began and when the next one begins, in Unix seconds, UTC."""
    first = datetime.fromtimestamp(int(now), UTC).replace(day=1, hour=0, minute=0, second=0)
    following = (first + timedelta(days=31)).replace(day=1)
    return int(first.timestamp()), int(following.timestamp())
