"""Server-sent events: split wherever the network cut them, read as they pass, and written.

What ends a stream is held back: the answer is to be stored before the client has it.

Follows the WHATWG HTML standard, section 9.2.6 (lines end in LF, CR or CRLF; an event ends at an
empty line; `data` lines of one event are joined by LF; lines that start with a colon are comments).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError, Dialect
from llm_cache_proxy.domain.dialects.streams.choices import tells_of_error
from llm_cache_proxy.domain.json_text import JsonObject, object_or_none
from llm_cache_proxy.domain.record import record

_LINE_END = re.compile(r"\r\n|\n|\r")
_ONE_END = rb"(?:\r\n|\n|\r(?!\n))"  # a CRLF is one end, never a CR and a LF
_EVENT_END = re.compile(_ONE_END + _ONE_END)
_LONGEST_END = 4
_BOM = b"\xef\xbb\xbf"
DONE = "[DONE]"
DONE_EVENT = f"data: {DONE}\n\n"
"""What ends a stream of chat or text completions."""


@record()
class Event:
    """One event: `raw` as it came, its terminating empty line included; `data` None if it has none.

    `name` is the `event:` field, empty where there is none; `is_legible` says that all of it could
    be read: it is UTF-8, and has no field that one client passes over and another reads.
    """

    raw: bytes
    data: str | None
    name: str = ""
    is_legible: bool = True


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
    is_legible = True
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text, is_legible = raw.decode("utf-8", "replace"), False
    for line in _LINE_END.split(text):
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
        elif field and field.strip() not in _UNREAD_FIELDS:
            is_legible = False
    return Event(raw, "\n".join(data) if data else None, name, is_legible)


_UNREAD_FIELDS = frozenset({"", "id", "retry"})
_FIRST_WORDS = (b"data:", b"event:", b"id:", b"retry:", b":")


def begins_stream(start: bytes) -> bool | None:
    """Whether a body that begins with `start` is a stream of events; None: not known yet."""
    text = start.removeprefix(_BOM).lstrip(b"\r\n")
    if text.startswith(_FIRST_WORDS):
        return True
    possible = not text or start == _BOM[: len(start)]
    return None if possible or any(word.startswith(text) for word in _FIRST_WORDS) else False


@record()
class StreamedEvent:
    """One event as it came; `usage_only` where it is there only because usage was asked for."""

    name: str
    data: str
    usage_only: bool = False

    def text(self) -> str:
        """The event to send again: a JSON text means the same without its line ends."""
        data = self.data.replace("\n", " ")
        return named_event(self.name, data) if self.name else data_event(data)


class StreamReader:
    """Reads one stream of `dialect`; `hides_usage` drops the event that only the proxy wanted.

    `end` is what ended it, empty until then: whatever comes later is no part of the answer.
    `error` is what the stream says of an error, `assembler` has put `events` together. Of a stream
    beyond `most_kept_bytes` nothing is kept (`is_too_large`): it passes, event by event, or an
    event of that size in pieces.
    """

    def __init__(self, dialect: Dialect, *, hides_usage: bool, most_kept_bytes: int) -> None:
        self.end = b""
        self.error: JsonObject | None = None
        self.dialect = dialect
        self._hides_usage = hides_usage
        self.assembler = dialect.assembler()
        self._splitter = EventSplitter()
        self.events: list[StreamedEvent] = []
        self._sent: list[bytes] = []
        self._broken = False
        self._done = False
        self.is_too_large = False
        self._most_kept_bytes = most_kept_bytes
        self._read_bytes = 0

    def feed(self, piece: bytes) -> bytes:
        """What of `piece` goes to the client now."""
        self._read_bytes += len(piece)
        if self._read_bytes > self._most_kept_bytes and not self.is_too_large:
            self._let_go()
        passed = b"".join(event.raw for event in self._splitter.feed(piece) if self._passes(event))
        if len(self._splitter.held) > self._most_kept_bytes:
            self._broken = True
            passed += self._splitter.held
            self._splitter = EventSplitter()
        if not self.is_too_large:
            self._sent.append(passed)
        return passed

    def finish(self) -> bytes:
        """What is left to send: the end, or where the body ended without one, the rest of it."""
        if not self.end:
            rest = bytes(self._splitter.held)
            last = self._splitter.last()
            if last.data is None or last.data.strip() != DONE:
                self._broken = self._broken or last.data is not None
                self._sent.append(rest)
                return rest
            self.end = DONE_EVENT.encode()
        self._sent.append(self.end)
        return self.end

    def completion(self) -> JsonObject:
        """The answer so far."""
        return self.assembler.completion()

    def is_whole(self, completion: JsonObject) -> bool:
        """Whether all of an answer was read, and nothing else."""
        return self.is_kept and self.dialect.is_whole(completion)

    @property
    def is_kept(self) -> bool:
        """Whether all that came could be read, and was little enough to be held."""
        return not self._broken and not self.is_too_large

    def sent(self) -> str:
        """All that went to the client, without a mark at its start: it may go behind a comment."""
        return b"".join(self._sent).removeprefix(_BOM).decode("utf-8", "replace")

    def _let_go(self) -> None:
        self.is_too_large = True
        self.assembler = self.dialect.assembler()
        self.events.clear()
        self._sent.clear()

    def _passes(self, event: Event) -> bool:
        done = event.data is not None and event.data.lstrip().startswith(DONE)
        if done and not self._done:  # also behind a last event, where some upstreams send it
            self.end += event.raw
            self._done = True
        if done or self.end:
            return False
        self._broken = self._broken or not event.is_legible
        if event.data is None or self._broken or _is_sign_of_life(event):
            return True
        return self._takes(event, event.data)

    def _takes(self, event: Event, data: str) -> bool:
        try:
            if event.name == "error":
                raise BrokenStreamError("an event reports an error")  # noqa: TRY301 - as add does
            # Of what is not kept, each event is read by itself.
            assembler = self.dialect.assembler() if self.is_too_large else self.assembler
            chunk = assembler.add(data)
        except BrokenStreamError:
            self._broken = True
            self.error = _error_in(data, named=event.name == "error")
            return True
        is_last = chunk.get("type") in self.dialect.last_events
        usage_only = not is_last and "usage" in chunk and self.dialect.is_usage_only(chunk)
        if not self.is_too_large:
            usage_only = usage_only and not assembler.begins
            self.events.append(StreamedEvent(event.name, data, usage_only))
        if is_last:
            self.end = event.raw
            return False
        return not (self._hides_usage and usage_only)


def _is_sign_of_life(event: Event) -> bool:
    """Whether an event has nothing in it, as some gateways keep a connection open."""
    return event.name != "error" and not (event.data or "").strip()


def _error_in(data: str, *, named: bool) -> JsonObject | None:
    """The error that an event reports, in OpenAI's shape; None if it reports none."""
    event = object_or_none(data)
    if event is None:
        return None
    if event.get("error"):
        error = event["error"]
        return error if isinstance(error, dict) else {"message": str(error)}
    is_one = named or event.get("type") == "error" or tells_of_error(event)
    return event if is_one else None


def data_event(data: str) -> str:
    """One event that carries `data`, which must have no line ends."""
    return f"data: {data}\n\n"


def data_events(data: Iterable[str]) -> str:
    """One event for each of `data`, which must have no line ends."""
    return "".join([f"data: {each}\n\n" for each in data])


def named_event(name: str, data: str) -> str:
    """One event of a type that is named on a line of its own."""
    return f"event: {name}\ndata: {data}\n\n"
