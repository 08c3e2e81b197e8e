"""Settings that change while a function's instance runs: TUNING, and rotated secrets.

The first request of every minute reads them again. If they cannot be read or are wrong, the old
ones stay and the log says so: an instance that serves never stops for it.
"""

import logging
import time
from collections.abc import Callable

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings

EVERY_SECONDS = 60.0

_log = logging.getLogger(__name__)


class SettingsWatch:
    """`settings` are those in force, `read` reads them anew and may raise SettingsError."""

    def __init__(
        self,
        settings: Settings,
        read: Callable[[], Settings],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._read = read
        self._now = now
        self._read_at = now()

    @property
    def is_due(self) -> bool:
        """Whether they were last read a minute ago or longer."""
        return self._now() - self._read_at >= EVERY_SECONDS

    def restart(self, settings: Settings) -> None:
        """Take these for the ones in force, read now: an instance has been restored."""
        self._settings = settings
        self._read_at = self._now()

    def changed(self) -> Settings | None:
        """The settings if they have changed since; waits for the network."""
        self._read_at = self._now()
        try:
            found = self._read()
        except SettingsError as exc:
            _log.warning("the settings stay as they are: %s", exc)
            return None
        if found == self._settings:
            return None
        _log.info("the settings have changed")
        self._settings = found
        return found
