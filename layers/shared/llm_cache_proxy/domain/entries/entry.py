"""A stored entry with one expiry, and the aliases that point at it.

Never decides whether an entry may be served; only describes it.
"""

from enum import StrEnum

from llm_cache_proxy.domain.record import record

FORMAT_VERSION = 1
"""Raised when stored records change shape; a record of another version is a miss."""


class Form(StrEnum):
    """How a client wants a stored answer: as JSON, as SSE, or as SSE that ends with usage."""

    JSON = "json"
    SSE = "sse"
    SSE_WITH_USAGE = "sse_usage"


@record()
class Forms:
    """One answer in every form it is served in, each UTF-8 and ready to send.

    `json` is the whole JSON body. `sse` is every event up to, not including, usage and what ends
    the stream, which is the dialect's to say. `usage_event` is the one event that
    `stream_options.include_usage` adds, empty when the upstream reported none. `json` or `sse` is
    empty where what the upstream sent does not prove it: that form is never served.
    """

    json: str
    sse: str
    usage_event: str

    def has(self, form: Form) -> bool:
        """Whether the answer may be served in `form`."""
        return bool(self.json if form is Form.JSON else self.sse)

    def body(self, form: Form) -> str:
        """The text to send for `form`."""
        if form is Form.JSON:
            return self.json
        return joined_sse(self.sse, self.usage_event if form is Form.SSE_WITH_USAGE else "")


def joined_sse(events: str, usage_event: str) -> str:
    """Stored events, and the usage event if it is wanted."""
    return events + usage_event


@record()
class Entry:
    """A stored answer; the same record in both tiers.

    Times are Unix seconds. `key` is the exact key's digest in hex. `sequence` is the tenant's
    clear sequence when the request was looked up: an entry dies when a cutoff of one of its
    `selectors` is larger. `text` is the last user text as it was written and `text_digest` its
    digest, for the guard. `model` is the name under which it is counted.
    """

    key: str
    entry_id: str
    created_at: int
    expires_at: int
    purge_at: int
    sequence: int
    selectors: tuple[str, ...]
    model: str
    prompt_tokens: int
    completion_tokens: int
    text: str
    text_digest: str
    forms: Forms


@record()
class Alias:
    """A promotion: the exact key `key` answers with the entry under `target`.

    It holds what judged it, so that a stricter threshold, new guard rules and another embedder
    judge it again. `pair` is the two texts' name as a barred pair. It never outlives its
    entry.
    """

    key: str
    target: str
    similarity: float
    decision_version: int
    embedder_id: str
    text_digest: str
    pair: str = ""
