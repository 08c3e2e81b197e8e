"""An upstream answer that the leader publishes to its followers.

It is kept for seconds in the store, or in the leader's own process: never in the cache.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, field

from llm_cache_proxy.domain.entries.entry import Entry, Form, Forms
from llm_cache_proxy.domain.errors import (
    UpstreamError,
    UpstreamTimedOut,
    UpstreamUnreachable,
)
from llm_cache_proxy.domain.record import record

_VERSION = 1
_ERROR = 400
_ERRORS = {kind.__name__: kind for kind in (UpstreamError, UpstreamUnreachable, UpstreamTimedOut)}


@record()
class Failure:
    """An upstream's failure: its class in the tree of errors, message and upstream."""

    kind: str
    message: str
    upstream: str

    @staticmethod
    def of(error: UpstreamError) -> "Failure":
        """`error` as followers get it."""
        return Failure(type(error).__name__, error.message, error.upstream)

    def error(self) -> UpstreamError:
        """The same error again."""
        return _ERRORS.get(self.kind, UpstreamError)(self.message, upstream=self.upstream)


@record()
class SharedAnswer:
    """`forms` where the answer is one of the endpoint's; else `body` or `stream` as it came.

    `body` is the JSON endpoint's, and of an error for every follower; `stream` is all that the
    leader of a stream was sent. `failure` is there in place of an answer. `model` is the name under
    which it is counted.
    """

    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    forms: Forms | None = None
    body: str = ""
    stream: str = ""
    failure: Failure | None = None
    model: str = "other"
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def is_failure(self) -> bool:
        """Whether the upstream gave no answer, or an error."""
        return self.failure is not None or self.status >= _ERROR

    def has(self, form: Form) -> bool:
        """Whether a follower that wants `form` can be answered; if not, it finds its own answer."""
        if self.forms is not None:
            return self.forms.has(form)
        if self.is_failure:
            return True
        return bool(self.stream) if form is not Form.JSON else not self.stream

    def text(self) -> str:
        """The answer as it is published."""
        return json.dumps({"v": _VERSION, **asdict(self)}, ensure_ascii=False)


LeaderResult = SharedAnswer | Entry
"""The followers' result: a stored entry, or a published answer."""


def shared_answer(text: str) -> SharedAnswer:
    """The answer that was published as `text`. Raises ValueError where it is none."""
    try:
        fields = json.loads(text)
        if fields.pop("v") != _VERSION:
            raise ValueError(text[:20])
        forms, failure = fields.pop("forms"), fields.pop("failure")
        return SharedAnswer(
            **fields,
            forms=None if forms is None else Forms(**forms),
            failure=None if failure is None else Failure(**failure),
        )
    except (TypeError, KeyError, AttributeError) as exc:
        raise ValueError("no shared answer") from exc
