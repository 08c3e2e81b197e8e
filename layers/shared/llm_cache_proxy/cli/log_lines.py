"""What the server logs for people: each trouble once, then at most once a minute.

Otherwise every request would log the same store or upstream that is away.
"""

import logging
import time
from asyncio import CancelledError
from collections.abc import Callable

_AGAIN_SECONDS = 60.0
_MOST_KINDS = 1_000


def log_for_people(level: str) -> None:
    """Log to standard error."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(OncePerMinute())
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(is_fault)


def is_fault(record: logging.LogRecord) -> bool:
    """Whether a record tells of more than what a stopping server has cut off."""
    cause = record.exc_info[1] if record.exc_info else None
    # The end of the app comes as a traceback's text.
    return not (
        isinstance(cause, CancelledError)
        or str(record.msg).rstrip().endswith(f"asyncio.exceptions.{CancelledError.__name__}")
    )


class OncePerMinute(logging.Filter):
    """Lets a warning pass once a minute, and says how many like it were left out since.

    Warnings are of one kind where logger, text and first argument are the same: the argument names
    what fails, the rest says how.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._kinds: dict[tuple[str, str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; may add to its text."""
        if record.levelno < logging.WARNING:
            return True
        arguments = record.args if isinstance(record.args, tuple) else ()
        kind = (record.name, str(record.msg), str(arguments[0]) if arguments else "")
        now = self._monotonic()
        last, left_out = self._kinds.get(kind, (-_AGAIN_SECONDS, 0))
        if now - last < _AGAIN_SECONDS:
            self._kinds[kind] = (last, left_out + 1)
            return False
        if len(self._kinds) >= _MOST_KINDS:
            self._kinds.clear()
        self._kinds[kind] = (now, 0)
        if left_out:
            record.msg = f"{record.getMessage()} ({left_out} more since)"
            record.args = ()
        return True
