"""How the upstream is asked: as the client wrote it, and for a stream's usage where that is wanted.

Never lets a wish of ours fail a request: an upstream that refuses it is asked again without.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from llm_cache_proxy.domain.dialects.body_members import with_member
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.ports.upstream import Upstream, UpstreamCall, UpstreamReply

_ERROR = 400
_OTHER_MATTERS = frozenset({401, 402, 408, 413, 429, 502, 503, 504})
"""What a wish of ours is no reason for, unless the answer names it: keys, limits, outages."""
_WISHES = (b"stream_options", b"include_usage")


@dataclass(frozen=True, slots=True)
class UpstreamRequests:
    """Sends requests on; remembers the upstreams that refuse to tell a stream's usage."""

    upstream: Upstream
    _refusing: set[str] = field(default_factory=set)

    async def reply(
        self, planned: PlannedRequest, *, streaming: bool
    ) -> tuple[UpstreamReply, bool]:
        """The upstream's reply, and whether it tells a usage that only we have asked for.

        Raises UpstreamError where there is none.
        """
        options = self._options(planned) if streaming else None
        call = _call(planned, streaming=streaming)
        if options is None:
            return await self.upstream.send(call), False
        reply = await self.upstream.send(replace(call, body=_with_options(call.body, options)))
        if reply.status < _ERROR:
            return reply, True
        async with aclosing(reply.body) as pieces:
            refusal = b"".join([piece async for piece in pieces])
        if reply.status in _OTHER_MATTERS and not any(wish in refusal for wish in _WISHES):
            return replace(reply, body=_once(refusal)), True
        again = await self.upstream.send(call)
        if again.status < _ERROR:
            self._refusing.add(again.route.upstream)
        return again, False

    def _options(self, planned: PlannedRequest) -> JsonObject | None:
        """What to ask for, where the answer may be kept and nobody is known to refuse it."""
        if not planned.plan.write or planned.routes[0].upstream in self._refusing:
            return None
        return planned.request.dialect.asking_for_usage(planned.request.fields)


def _call(planned: PlannedRequest, *, streaming: bool) -> UpstreamCall:
    request = planned.request
    return UpstreamCall(
        method="POST",
        path=request.dialect.path,
        query=request.query,
        headers=request.headers,
        body=request.body,
        model=planned.request.model,
        routes=planned.routes,
        streaming=streaming,
    )


def _with_options(body: bytes, options: JsonObject) -> bytes:
    try:
        return with_member(body.decode("utf-8"), "stream_options", options).encode("utf-8")
    except ValueError:  # too deep to change: it goes out without our wish
        return body


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
