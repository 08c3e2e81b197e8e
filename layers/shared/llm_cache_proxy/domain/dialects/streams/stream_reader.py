"""A stream read as it passes: what goes to the client, when it is over, and what may be kept.

What ends the stream is held back: the answer is to be stored before the client has it.
"""

from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError, Dialect
from llm_cache_proxy.domain.dialects.streams.choices import tells_of_error
from llm_cache_proxy.domain.dialects.streams.proving import StreamedEvent, forms_of_stream
from llm_cache_proxy.domain.dialects.streams.sse import DONE, DONE_EVENT, Event, EventSplitter
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.json_text import JsonObject, object_or_none


class StreamReader:
    """Reads one stream of `dialect`; `hides_usage` drops the event that only the proxy wanted.

    `end` is what ended it, empty until then: whatever comes later is no part of the answer.
    `error` is what the stream says of an error. Of a stream beyond `most_kept_bytes` nothing is
    kept (`is_too_large`): it passes, event by event, or an event of that size in pieces.
    """

    def __init__(self, dialect: Dialect, *, hides_usage: bool, most_kept_bytes: int) -> None:
        self.end = b""
        self.error: JsonObject | None = None
        self._dialect = dialect
        self._hides_usage = hides_usage
        self._assembler = dialect.assembler()
        self._splitter = EventSplitter()
        self._events: list[StreamedEvent] = []
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
        return self._assembler.completion()

    def is_whole(self, completion: JsonObject) -> bool:
        """Whether all of an answer was read, and nothing else."""
        kept = not self._broken and not self.is_too_large
        return kept and self._dialect.is_whole(completion)

    def forms(self, completion: JsonObject) -> Forms | None:
        """The proved forms of what was read; None where it was no answer, or has no form."""
        if self._broken or self.is_too_large:
            return None
        return forms_of_stream(self._dialect, self._assembler, completion, self._events)

    def sent(self) -> str:
        """All that went to the client."""
        return b"".join(self._sent).decode("utf-8", "replace")

    def _let_go(self) -> None:
        self.is_too_large = True
        self._assembler = self._dialect.assembler()
        self._events.clear()
        self._sent.clear()

    def _passes(self, event: Event) -> bool:
        done = event.data is not None and event.data.strip() == DONE
        if done and not self._done:  # also behind a last event, where some upstreams send it
            self.end += event.raw
            self._done = True
        if done or self.end:
            return False
        return event.data is None or self._broken or self._takes(event, event.data)

    def _takes(self, event: Event, data: str) -> bool:
        try:
            if event.name == "error":
                raise BrokenStreamError("an event reports an error")  # noqa: TRY301 - as add does
            # Of what is not kept, each event is read by itself.
            assembler = self._dialect.assembler() if self.is_too_large else self._assembler
            chunk = assembler.add(data)
        except BrokenStreamError:
            self._broken = True
            self.error = _error_in(data, named=event.name == "error")
            return True
        is_last = chunk.get("type") in self._dialect.last_events
        usage_only = not is_last and "usage" in chunk and self._dialect.is_usage_only(chunk)
        if not self.is_too_large:
            self._events.append(StreamedEvent(event.name, data, usage_only))
        if is_last:
            self.end = event.raw
            return False
        return not (self._hides_usage and usage_only)


def _error_in(data: str, *, named: bool) -> JsonObject | None:
    """The error that an event reports, in OpenAI's shape; None if it reports none."""
    event = object_or_none(data)
    if event is None:
        return None
    if tells_of_error(event):
        error = event["error"]
        return error if isinstance(error, dict) else {"message": str(error)}
    return event if named or event.get("type") == "error" else None
