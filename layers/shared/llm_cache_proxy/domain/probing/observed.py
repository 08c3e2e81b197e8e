"""What one answer shows from outside: where it may have come from, and whether it is whole.

Never trusts a cache's own word where the answer itself shows more: two answers with one id are one
answer, whatever their headers say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from llm_cache_proxy.domain.dialects.streams.sse import DONE, EventSplitter
from llm_cache_proxy.domain.json_text import JsonObject, object_or_none

_RANDOM_NUMBER = re.compile(r"\d{12,}")
_CACHE_HEADERS = ("x-cache", "x-cache-status", "cf-aig-cache-status", "x-litellm-cache-hit")
_OK = 200


@dataclass(frozen=True, slots=True)
class Observed:
    """One answer. `told_by` is its id; `terminated` whether a stream ended as streams must."""

    status: int
    content_type: str
    told_by: str
    text: str
    finish_reason: str | None
    terminated: bool
    cache_header: str | None

    @property
    def succeeded(self) -> bool:
        """Whether it is an answer at all."""
        return self.status == _OK and bool(self.told_by or self.text)

    def is_same_answer_as(self, other: "Observed") -> bool | None:
        """Whether both are one stored answer; None where that is unknown.

        Models give every answer an id of its own. Where a cache renames its hits, the random
        number that each prompt asks for gives them away.
        """
        if not (self.succeeded and other.succeeded):
            return None
        if self.told_by and self.told_by == other.told_by:
            return not self.is_declared_fresh
        mine, others = _RANDOM_NUMBER.findall(self.text), _RANDOM_NUMBER.findall(other.text)
        if mine or others:
            return mine == others
        return None if self.text == other.text else False

    @property
    def is_declared_fresh(self) -> bool:
        """Whether a header says that it came from the model: a demonstration may repeat its ids."""
        return (self.cache_header or "").strip().lower() in {"miss", "bypass", "false"}


def observed(status: int, headers: Mapping[str, str], body: bytes) -> Observed:
    """What an answer with these headers (lower case) and this body shows."""
    content_type = headers.get("content-type", "")
    whole = [object_or_none(body) or {}], True
    chunks, terminated = _chunks(body) if "event-stream" in content_type else whole
    choices = [choice for chunk in chunks for choice in _dicts(chunk.get("choices"))]
    first = next((chunk for chunk in chunks if chunk.get("id")), {})
    reasons = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    return Observed(
        status=status,
        content_type=content_type,
        told_by=str(first.get("id") or ""),
        text="".join(map(_said, choices)),
        finish_reason=str(reasons[-1]) if reasons else None,
        terminated=terminated,
        cache_header=next((headers[name] for name in _CACHE_HEADERS if name in headers), None),
    )


def _chunks(body: bytes) -> tuple[list[JsonObject], bool]:
    data = [event.data for event in EventSplitter().feed(body) if event.data is not None]
    return [object_or_none(item) or {} for item in data if item != DONE], data[-1:] == [DONE]


def _dicts(value: object) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _said(choice: JsonObject) -> str:
    part = choice.get("message") or choice.get("delta")
    content = part.get("content") if isinstance(part, dict) else None
    return content if isinstance(content, str) else ""
