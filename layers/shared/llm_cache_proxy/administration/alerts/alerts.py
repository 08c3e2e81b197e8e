"""When people are told of trouble: once it lasts, again while it lasts, and when it is over.

Decides what is said and how often. Never says the same within `again_seconds`, and nothing at all
more often than every `gap_seconds`: what comes meanwhile waits for the next message.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.notifier import Notifier

Troubles = Mapping[str, str]
"""What is wrong at present, in words for people, by a name that stays the same."""

Source = Callable[[], Awaitable[Troubles]]
"""Looks for troubles of one kind; what it cannot find out is no trouble."""

_MOST_LINES = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlertRules:
    """`after_seconds` is how long a trouble lasts before anyone hears of it."""

    after_seconds: float = 60.0
    again_seconds: float = 3_600.0
    gap_seconds: float = 60.0


@dataclass(slots=True)
class _Trouble:
    text: str
    since: float
    told_at: float | None = None


@dataclass(slots=True)
class Alerts:
    """Asks the sources, and tells the notifier; `where` names this proxy in each message."""

    sources: Sequence[Source]
    notifier: Notifier
    clock: Clock
    where: str
    rules: AlertRules = field(default_factory=AlertRules)
    _troubles: dict[str, _Trouble] = field(default_factory=dict)
    _waiting: list[str] = field(default_factory=list)
    _told_at: float | None = None

    async def run(self, every_seconds: float) -> None:
        """Look for as long as the server runs."""
        try:
            while True:
                await self.once()
                await asyncio.sleep(every_seconds)
        finally:
            await self.notifier.aclose()

    async def once(self) -> None:
        """Look now, and say what there is to say."""
        found: dict[str, str] = {}
        for source in self.sources:
            found |= await source()
        now = self.clock.monotonic()
        lines = [*self._over(found, now), *self._lasting(found, now)]
        self._waiting = (self._waiting + lines)[-_MOST_LINES:]
        told_lately = self._told_at is not None and now - self._told_at < self.rules.gap_seconds
        if not self._waiting or told_lately:
            return
        self._told_at = now  # also where it is not taken: it is tried no more often
        text = "\n".join(f"LLM Cache Proxy at {self.where}: {line}" for line in self._waiting)
        if await self.notifier.tell(text):
            self._waiting = []

    def _over(self, found: Troubles, now: float) -> list[str]:
        lines = []
        for name in [name for name in self._troubles if name not in found]:
            trouble = self._troubles.pop(name)
            if trouble.told_at is not None:
                lines.append(f"over after {_lasted(now - trouble.since)}: {trouble.text}")
        return lines

    def _lasting(self, found: Troubles, now: float) -> list[str]:
        lines = []
        for name, text in found.items():
            trouble = self._troubles.setdefault(name, _Trouble(text, now))
            trouble.text = text
            lasted = now - trouble.since
            told = trouble.told_at is not None and now - trouble.told_at < self.rules.again_seconds
            if lasted < self.rules.after_seconds or told:
                continue
            trouble.told_at = now
            lines.append(f"{text} (for {_lasted(lasted)})")
            _log.warning("%s (for %s)", text, _lasted(lasted))
        return lines


def _lasted(seconds: float) -> str:
    """A length of time in one unit."""
    for unit, size in (("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
