"""Server-sent events as bytes: split wherever the network cut them, joined as they were.

Follows the WHATWG HTML standard, section 9.2.6 (lines end in LF, CR or CRLF; an event ends at an
empty line; `data` lines of one event are joined by LF; lines that start with a colon are comments).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from llm_cache_proxy.domain.errors import openai_error
from llm_cache_proxy.domain.json_text import compact_text

_LINE_END = re.compile(r"\r\n|\n|\r")
_ONE_END = rb"(?:\r\n|\n|\r(?!\n))"  # a CRLF is one end, never a CR and a LF
_EVENT_END = re.compile(_ONE_END + _ONE_END)
_LONGEST_END = 4
_BOM = b"\xef\xbb\xbf"
DONE = "[DONE]"
DONE_EVENT = f"data: {DONE}\n\n"
"""What ends a stream of chat or text completions."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: `raw` as it came, its terminating empty line included; `data` None if it has none.

    `name` is the `event:` field, empty where there is none.
    """

    raw: bytes
    data: str | None
    name: str = ""


@dataclass(slots=True)
class EventSplitter:
    """Turns pieces of a byte stream into events, holding back what is not whole yet.

    `held` is what came after the last whole event: not empty where a stream was cut.
    """

    held: bytearray = field(default_factory=bytearray)
    _begun: bool = False
    _searched: int = 0  # no event ends before here: a large one in small pieces stays cheap

    def feed(self, piece: bytes) -> list[Event]:
        """The events that `piece` completes, in order."""
        self.held += piece
        events: list[Event] = []
        start, search = 0, self._searched
        while match := _EVENT_END.search(self.held, search):
            if self._cut_inside_crlf(match):
                break
            events.append(self._event(bytes(self.held[start : match.end()])))
            start = search = match.end()
        del self.held[:start]
        self._searched = max(0, len(self.held) - _LONGEST_END)
        return events

    def _cut_inside_crlf(self, match: re.Match[bytes]) -> bool:
        # A CR at the very end may be half of a CRLF whose LF has not come yet.
        return match.end() == len(self.held) and self.held.endswith(b"\r")

    def last(self) -> Event:
        """What came after the last whole event, read as one that its empty line is missing of."""
        return self._event(bytes(self.held))

    def _event(self, raw: bytes) -> Event:
        if self._begun:
            return _event(raw)
        self._begun = True  # a stream may start with one byte order mark, which says nothing
        return replace(_event(raw.removeprefix(_BOM)), raw=raw)


def _event(raw: bytes) -> Event:
    data: list[str] = []
    name = ""
    for line in _LINE_END.split(raw.decode("utf-8", "replace")):
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
    return Event(raw, "\n".join(data) if data else None, name)


_FIRST_WORDS = (b"data:", b"event:", b"id:", b"retry:", b":")


def begins_stream(start: bytes) -> bool | None:
    """Whether a body that begins with `start` is a stream of events; None: not known yet."""
    text = start.removeprefix(_BOM).lstrip(b"\r\n")
    if text.startswith(_FIRST_WORDS):
        return True
    possible = not text or start == _BOM[: len(start)]
    return None if possible or any(word.startswith(text) for word in _FIRST_WORDS) else False


def data_event(data: str) -> str:
    """One event that carries `data`, which must have no line ends."""
    return f"data: {data}\n\n"


def data_events(data: Iterable[str]) -> str:
    """One event for each of `data`, which must have no line ends."""
    return "".join([f"data: {each}\n\n" for each in data])


def error_event(
    message: str, error_type: str, *, param: str | None = None, code: str | None = None
) -> bytes:
    """One event that carries an error, as a client gets it."""
    error = openai_error(message, error_type, param=param, code=code)
    return data_event(compact_text(error)).encode()


def named_event(name: str, data: str) -> str:
    """One event of a type that is named on a line of its own."""
    return f"event: {name}\ndata: {data}\n\n"
