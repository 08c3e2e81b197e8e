"""The decisions of the pipeline's steps; `CachingProxy` carries them out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.vector_store import Candidate

Compare = Callable[[JsonObject], Awaitable[None]]
"""Called with the upstream's whole answer before it ends."""


@record()
class Fallback:
    """The answer to give where the upstream has none, and how it is counted if it is given."""

    answer: Answer
    counts: Mapping[str, int]


@record()
class Served:
    """The answer is here.

    If `renewal` is set, the entry is to be refreshed behind the answer with that state.
    """

    answer: Answer
    renewal: RequestState | None = None


@record()
class AskUpstream:
    """The upstream is to be asked; `reason` is the answer's `x-cache-reason`.

    `compare` gets the upstream's answer; `judge_later` is a near entry that the verifier has yet
    to judge.
    """

    reason: str
    fallback: Fallback | None = None
    compare: Compare | None = None
    judge_later: Candidate | None = None


@record()
class Follow:
    """The leader's answer is still to come; the client's stream begins without it.

    `leader` gives None if the request has to find its own answer after all.
    """

    leader: asyncio.Task[Served | None]


Decision = Served | AskUpstream | Follow
