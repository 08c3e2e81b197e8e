"""Whether the upstreams answer: what the last calls met, and a look at them now and then.

A look asks for the list of models, which costs nothing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from llm_cache_proxy.domain.errors import UpstreamError, UpstreamUnreachable
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.upstream import Route, Upstream, UpstreamCall

_REFUSED = (401, 403)


@dataclass(slots=True)
class UpstreamHealth:
    """`failing` says by name which upstreams did not answer the last call, and why.

    `every_seconds` lie between two looks; None never looks, and believes what calls meet.
    """

    upstream: Upstream
    names: Sequence[str]
    failing: Callable[[], Mapping[str, str]]
    clock: Clock
    every_seconds: float | None = 30.0
    _looked_at: float | None = None
    _refusing: dict[str, str] = field(default_factory=dict)

    async def check(self) -> str | None:
        """What the problem of some upstreams is while others answer.

        Raises UpstreamError where none does.
        """
        await self._look_if_due()
        problem = {**self._refusing, **self.failing()}
        said = "; ".join(
            f"the upstream {name} {problem[name]}" for name in self.names if name in problem
        )
        if said and all(name in problem for name in self.names):
            raise UpstreamUnreachable(said, upstream=self.names[0])
        return said or None

    async def _look_if_due(self) -> None:
        if self.every_seconds is None:
            return
        now = self.clock.monotonic()
        if self._looked_at is not None and now - self._looked_at < self.every_seconds:
            return
        found = await asyncio.gather(*map(self._refusal, self.names))
        self._refusing = {
            name: said for name, said in zip(self.names, found, strict=True) if said is not None
        }
        self._looked_at = now

    async def _refusal(self, name: str) -> str | None:
        """How an upstream refuses us; one that does not answer at all is `failing` thereafter."""
        call = UpstreamCall(
            "GET", "/models", "", {}, b"", None, (Route(name, ""),), streaming=False
        )
        try:
            reply = await self.upstream.send(call)
            await reply.body.aclose()
        except UpstreamError:
            return None
        if reply.status in _REFUSED:
            return f"refuses the key that is set (status {reply.status})"
        return None
