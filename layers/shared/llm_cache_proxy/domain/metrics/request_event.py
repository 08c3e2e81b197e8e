"""One request as logs and metrics report it, without prompt and answer."""

import json
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from json.encoder import encode_basestring_ascii

from llm_cache_proxy.domain.record import record

_JSON = json.JSONEncoder(separators=(",", ":"))


@record()
class Usage:
    """An answer's tokens under its model's counted name; `saved` where no upstream was paid."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    saved: bool


@record(slots=False)
class RequestEvent:
    """What became of one request.

    `key` is the id of the client's key, no part of which is secret.
    `time` is when it came, in Unix seconds; `latency_ms` how long until its answer began and
    `duration_ms` until it ended. `result` is empty for a request that no tier saw. `nano_dollars`
    is what the answer cost or saved, None where its price is unknown. `nearest` is the entry whose
    prompt was compared with this one and that did not serve. `timings` are milliseconds by step.
    `vetoes`, `failures` and shadow `samples` count by name. `counted` is what stands counted as its
    result already.
    """

    time: float
    request_id: str
    status: int
    result: str
    reason: str
    latency_ms: float
    duration_ms: float
    correlation_id: str | None = None
    method: str | None = None
    path: str | None = None
    tenant: str | None = None
    key: str | None = None
    model: str | None = None
    entry: str | None = None
    similarity: float | None = None
    nearest: str | None = None
    usage: Usage | None = None
    nano_dollars: int | None = None
    prompt: str | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    vetoes: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, int] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)

    def line(self) -> dict[str, object]:
        """The fields of a log line, in their order; what is unknown is left out.

        Never holds the prompt.
        """
        usage = self.usage
        paid = None if self.nano_dollars is None else round(self.nano_dollars / 1e9, 9)
        saved = usage is not None and usage.saved
        fields = {
            "time": round(self.time, 3),
            "request_id": self.request_id,
            "correlation_id": self.correlation_id,
            "tenant": self.tenant,
            "key": self.key,
            "model": self.model,
            "status": self.status,
            "result": self.result,
            "reason": self.reason,
            "similarity": None if self.similarity is None else round(self.similarity, 4),
            "nearest": self.nearest,
            "vetoes": dict(self.vetoes) or None,
            "failures": dict(self.failures) or None,
            "entry": self.entry,
            "prompt_tokens": None if usage is None else usage.prompt_tokens,
            "completion_tokens": None if usage is None else usage.completion_tokens,
            "dollars_spent": None if saved else paid,
            "dollars_saved": paid if saved else None,
            "latency_ms": round(self.latency_ms, 3),
            "duration_ms": round(self.duration_ms, 3),
        }
        return {name: value for name, value in fields.items() if value is not None}

    def json_line(self, **further: str | None) -> str:
        """The log line as compact JSON in ASCII, with `further` fields at its end."""
        line = self._json_line
        if not further:
            return line
        members = [
            f'"{name}":{"null" if value is None else encode_basestring_ascii(value)}'
            for name, value in further.items()
        ]
        return f"{line[:-1]},{','.join(members)}}}"

    @cached_property
    def _json_line(self) -> str:
        """Written once for all sinks."""
        return _JSON.encode(self.line())
