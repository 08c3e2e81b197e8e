"""When trouble is reported: once it lasts, again while it lasts, and when it is over.

Decides what is reported and how often. Never reports the same within `again_seconds`, nor sends a
message more often than every `gap_seconds`: news in between waits for the next message.
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
"""Looks for troubles of one kind; what it cannot find out counts as no trouble."""

_MOST_LINES = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlertRules:
    """`after_seconds` is how long a trouble lasts before it is reported."""

    after_seconds: float = 60.0
    again_seconds: float = 3_600.0
    gap_seconds: float = 60.0


@dataclass(slots=True)
class _Trouble:
    text: str
    since: float
    reported_at: float | None = None


@dataclass(slots=True)
class Alerts:
    """Asks the sources and sends to the notifier; `where` names this proxy in each message."""

    sources: Sequence[Source]
    notifier: Notifier
    clock: Clock
    where: str
    rules: AlertRules = field(default_factory=AlertRules)
    _troubles: dict[str, _Trouble] = field(default_factory=dict)
    _waiting: list[str] = field(default_factory=list)
    _sent_at: float | None = None

    async def run(self, every_seconds: float) -> None:
        """Look for as long as the server runs."""
        try:
            while True:
                await self.once()
                await asyncio.sleep(every_seconds)
        finally:
            await self.notifier.aclose()

    async def once(self) -> None:
        """Look now, and send a message if there is news."""
        found: dict[str, str] = {}
        for source in self.sources:
            found |= await source()
        now = self.clock.monotonic()
        lines = [*self._over(found, now), *self._lasting(found, now)]
        self._waiting = (self._waiting + lines)[-_MOST_LINES:]
        sent_lately = self._sent_at is not None and now - self._sent_at < self.rules.gap_seconds
        if not self._waiting or sent_lately:
            return
        self._sent_at = now  # also if it was not taken: no attempt comes sooner
        text = "\n".join(f"LLM Cache Proxy at {self.where}: {line}" for line in self._waiting)
        if await self.notifier.send(text):
            self._waiting = []

    def _over(self, found: Troubles, now: float) -> list[str]:
        lines = []
        for name in [name for name in self._troubles if name not in found]:
            trouble = self._troubles.pop(name)
            if trouble.reported_at is not None:
                lines.append(f"over after {_lasted(now - trouble.since)}: {trouble.text}")
        return lines

    def _lasting(self, found: Troubles, now: float) -> list[str]:
        lines = []
        for name, text in found.items():
            trouble = self._troubles.setdefault(name, _Trouble(text, now))
            trouble.text = text
            lasted = now - trouble.since
            is_recent = (
                trouble.reported_at is not None
                and now - trouble.reported_at < self.rules.again_seconds
            )
            if lasted < self.rules.after_seconds or is_recent:
                continue
            trouble.reported_at = now
            lines.append(f"{text} (for {_lasted(lasted)})")
            _log.warning("%s (for %s)", text, _lasted(lasted))
        return lines


def _lasted(seconds: float) -> str:
    """A length of time in one unit."""
    for unit, size in (("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
