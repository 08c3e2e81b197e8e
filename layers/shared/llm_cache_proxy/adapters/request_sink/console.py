"""One line for each request on the server's console: for people, in colours, or as JSON.

Never writes a prompt or an answer.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from llm_cache_proxy.domain.metrics.request_event import RequestEvent

_PLAIN, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "0", "2", "31", "32", "33", "36"
_COLOURS = {
    "HIT-EXACT": _GREEN,
    "COALESCED": _GREEN,
    "HIT-SEMANTIC": _CYAN,
    "STALE": _YELLOW,
    "MISS": _YELLOW,
}
_FIRST_ERROR = 400
_TOGETHER_SECONDS = 0.02
_UNDIVIDED_BYTES = 4_096
"""A pipe takes as many in one piece, and parts more with another worker's lines (pipe(7))."""
_MOST_CHARACTERS = 60  # of a path or a model, which a client may choose


class Console:
    """Writes each request to `stream` in one form.

    On an event loop the lines of a moment are written together: a write costs as much as a look
    at the store's reply. Once it is closed each is written at once, since the loop may end.
    """

    def __init__(self, stream: TextIO, form: Callable[[RequestEvent], str]) -> None:
        self._stream = stream
        self._form = form
        self._waiting: list[str] = []
        self._closed = False

    def write(self, served: RequestEvent) -> None:
        """Write one line, at once or a moment later; a stream that is gone loses it."""
        self._waiting.append(self._form(served) + "\n")
        if self._closed:
            self._write_waiting()
        elif len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self._write_waiting)
            except RuntimeError:  # no loop runs here
                self._write_waiting()

    def close(self) -> None:
        """Write what waits; the stream is its owner's."""
        self._closed = True
        self._write_waiting()

    def _write_waiting(self) -> None:
        lines, self._waiting = self._waiting, []
        try:
            for together in _undivided(lines):
                self._stream.write(together)
                self._stream.flush()
        except (OSError, ValueError):
            return


def _undivided(lines: Iterable[str]) -> Iterator[str]:
    """The lines, as many together as fit into one write that nothing comes in between."""
    together, size = "", 0
    for line in lines:
        length = len(line.encode("utf-8", "replace"))
        if size + length > _UNDIVIDED_BYTES and together:
            yield together
            together, size = "", 0
        together, size = together + line, size + length
    if together:
        yield together


def as_json(served: RequestEvent) -> str:
    """The fields of the log line, and what was called."""
    return served.json_line(method=served.method, path=served.path)


def plain(served: RequestEvent) -> str:
    """A line for people: time, status, tier, similarity, milliseconds, what was called, model."""
    return " ".join(text for text, _ in _pieces(served)).rstrip()


def coloured(served: RequestEvent) -> str:
    """As `plain`, for a terminal that shows colours."""
    return " ".join(f"\x1b[{colour}m{text}\x1b[0m" for text, colour in _pieces(served))


def _pieces(served: RequestEvent) -> list[tuple[str, str]]:
    moment = time.strftime("%H:%M:%S", time.localtime(served.time))
    similarity = "" if served.similarity is None else f"{served.similarity:.3f}"
    failed = served.status >= _FIRST_ERROR
    return [
        (moment, _DIM),
        (str(served.status), _RED if failed else _PLAIN),
        (f"{served.result or '-':<12}", _COLOURS.get(served.result, _PLAIN)),
        (f"{similarity:<5}", _PLAIN),
        (f"{served.duration_ms:8.1f} ms", _PLAIN),
        (f"{served.method or '-':<4} {_shown(served.path)}", _PLAIN),
        (_shown(served.model), _DIM),
        (served.reason if failed or served.result != "HIT-EXACT" else "", _DIM),
    ]


def _shown(text: str | None) -> str:
    """What a client chose, without what a terminal would obey."""
    printable = "".join(each if each.isprintable() else "?" for each in text or "")
    return printable[:_MOST_CHARACTERS]
