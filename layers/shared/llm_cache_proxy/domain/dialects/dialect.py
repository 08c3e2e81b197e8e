"""What the pipeline must know of an endpoint's requests and answers, whatever their shape."""

from collections.abc import Callable
from typing import Protocol

from llm_cache_proxy.domain.entries.entry import Form, Forms
from llm_cache_proxy.domain.errors import ClientError
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.policy import Traits


class BrokenStreamError(ValueError):
    """A stream is not one of the endpoint's, or carries an error."""


class Assembler(Protocol):
    """Puts a stream together."""

    def add(self, data: str) -> JsonObject:
        """Take one event's data and give it back parsed; BrokenStreamError where it is wrong."""
        ...

    def completion(self) -> JsonObject:
        """The whole answer so far, as the endpoint's JSON."""
        ...

    @property
    def begins(self) -> bool:
        """Whether the last event is the first one of a choice."""
        ...

    @property
    def ambiguous(self) -> bool:
        """Whether the whole could be read in another way; known after `completion`."""
        ...

    @property
    def reshaped(self) -> bool:
        """Whether the whole has its text in other parts than the stream had; as above."""
        ...


class Dialect(Protocol):
    """One endpoint's shapes, read by pure functions."""

    @property
    def path(self) -> str:
        """The endpoint below the base URL."""
        ...

    @property
    def generates(self) -> bool:
        """Whether answers are written token by token: they can be streamed, and cost by length."""
        ...

    @property
    def bills_tokens(self) -> bool:
        """Whether an answer costs tokens."""
        ...

    @property
    def terminator(self) -> str:
        """What ends a stream after its last event, empty where that event is the end."""
        ...

    @property
    def last_events(self) -> tuple[str, ...]:
        """The types of the events that end a stream; none where only `[DONE]` does."""
        ...

    @property
    def id_prefix(self) -> str:
        """What an answer's id starts with, empty where it names what the upstream keeps."""
        ...

    @property
    def assembler(self) -> Callable[[], Assembler]:
        """A new assembler for one stream."""
        ...

    def checked(self, fields: JsonObject) -> JsonObject:
        """`fields`, or InvalidRequest."""
        ...

    def traits(self, fields: JsonObject) -> Traits:
        """What decides how far the request may be cached."""
        ...

    def with_user_text(self, fields: JsonObject, change: Callable[[str], str]) -> JsonObject:
        """A copy with `change` applied to the last user text."""
        ...

    def form(self, fields: JsonObject) -> Form:
        """The form in which the client wants the answer."""
        ...

    def asking_for_usage(self, fields: JsonObject) -> JsonObject | None:
        """The `stream_options` of a stream that reports usage; None where nothing changes."""
        ...

    def is_usage_only(self, chunk: JsonObject) -> bool:
        """Whether an event is there only because usage was requested."""
        ...

    def error_event(self, error: ClientError) -> bytes:
        """What a stream that has begun ends with where there is no more of it."""
        ...

    def relayed_error_event(self, status: int, body: bytes) -> bytes:
        """As `error_event`, for an upstream's error of JSON."""
        ...

    def word_by_word(self, event: JsonObject) -> list[JsonObject]:
        """A stored event as one or more that add up to it, a word each."""
        ...

    def is_whole(self, completion: JsonObject) -> bool:
        """Whether an answer may be kept."""
        ...

    def has_ended(self, completion: JsonObject) -> bool:
        """Whether an answer says how it ended, whatever that was: it is not just a beginning."""
        ...

    def answer_text(self, completion: JsonObject) -> str:
        """The text of a whole answer, for comparing two of them."""
        ...

    def forms(self, completion: JsonObject, json_text: str) -> Forms:
        """Every form in which an answer is kept."""
        ...

    def comparable(self, completion: JsonObject) -> JsonObject:
        """An answer without what the endpoint's two forms spell differently."""
        ...

    def token_counts(self, completion: JsonObject) -> tuple[int, int]:
        """Prompt and completion tokens."""
        ...
