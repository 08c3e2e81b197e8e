"""The vocabulary of `x-cache-reason`: each word has a meaning, a row in the docs, a way there."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from fakes.exact import MemoryExact
from fakes.upstream import SSE_HEADERS, chunk, sse
from llm_cache_proxy.api.http.errors import CLIENT_LEFT_CODE, refused, unforeseen, upstream_failed
from llm_cache_proxy.api.v1.uncached.passthrough import _answered
from llm_cache_proxy.domain.dialects.text import TextDialect
from llm_cache_proxy.domain.errors import InvalidRequest, UpstreamUnreachable
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.reasons import MEANINGS, Reason
from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.exact_store.store import Answered, Lookup
from llm_cache_proxy.ports.upstream import UpstreamCall
from unit.pipeline.embeddings_harness import EmbeddingsHarness
from unit.pipeline.harness import Harness
from unit.pipeline.learning_harness import ALWAYS, learning, taught, trusting

DOCS = Path(__file__).parents[3] / "docs" / "reasons.md"
PROMPT = "What is Rust?"
PARAPHRASE = "Tell me what Rust is"
GREY = "Rust, what is that?"
POLISH = ("How do I polish my nails?", "How do I Polish my nails?")


class LedElsewhere(MemoryExact):
    """In which another instance, which never answers, is always first to take a lease."""

    async def lookup(self, query: Lookup) -> Answered:
        await super().lookup(replace(query, counts={}))
        return await super().lookup(query)


class Seen(NamedTuple):
    """Result and reason, as a client gets them."""

    x_cache: str
    reason: str


Way = Callable[[], Awaitable[Seen]]


def _harness(policy: Policy | None = None, **changes: object) -> Harness:
    harness = Harness(policy or Policy(), **changes)  # type: ignore[arg-type]  # fields by name
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    return harness


async def _ask(harness: Harness, text: str = PARAPHRASE, **changes: object) -> Seen:
    answer = await harness.ask(text, **changes)
    return Seen(answer.x_cache, answer.outcome.reason)


def _second(text: str = PARAPHRASE, policy: Policy | None = None, **changes: object) -> Way:
    """Ask one prompt, then `text` with `changes`."""

    async def way() -> Seen:
        harness = _harness(policy)
        await harness.ask(PROMPT)
        return await _ask(harness, text, **changes)

    return way


def _first(text: str = PROMPT, policy: Policy | None = None, **changes: object) -> Way:
    """Ask `text` of an empty cache."""

    async def way() -> Seen:
        return await _ask(_harness(policy), text, **changes)

    return way


def _with_header(name: str, value: str) -> Way:
    return _second(PROMPT, headers={name: value})


def _away(part: str) -> Way:
    async def way() -> Seen:
        harness = _harness()
        getattr(harness, part).away = True
        return await _ask(harness)

    return way


async def _partly_cached() -> Seen:
    harness = EmbeddingsHarness()
    await harness.embed("a")
    answer = await harness.embed(["a", "b"])
    return Seen(answer.x_cache, answer.outcome.reason)


async def _promoted() -> Seen:
    harness = _harness()
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE)
    return await _ask(harness)


async def _verified() -> Seen:
    harness = _harness(Policy(verified=True))
    harness.verifier.same(PROMPT, PARAPHRASE)
    await harness.ask(PROMPT)
    return await _ask(harness)


async def _unverified() -> Seen:
    harness = _harness(Policy(threshold=0.86, verified=True))
    harness.embedder.set_similarity(PROMPT, GREY, 0.88)
    await harness.ask(PROMPT)
    return await _ask(harness, GREY)


async def _vetoed() -> Seen:
    harness = _harness()
    await harness.ask(POLISH[0])
    return await _ask(harness, POLISH[1])


async def _below() -> Seen:
    harness = _harness()
    harness.embedder.set_similarity(PROMPT, GREY, 0.89)
    await harness.ask(PROMPT)
    return await _ask(harness, GREY)


async def _cleared() -> Seen:
    harness = _harness()
    await harness.ask(PROMPT)
    await harness.exact.cut("default", "all")
    return await _ask(harness)


async def _sampled() -> Seen:
    harness = _harness(shadow=ShadowRules(rate=1.0), frozen=True)
    await harness.ask(PROMPT)
    return await _ask(harness)


async def _barred() -> Seen:
    harness = _harness()
    await harness.ask(PROMPT)
    hit = await harness.ask(PARAPHRASE, headers={"x-cache-mode": "read-only"})
    await harness.exact.bar("default", str(hit.outcome.entry_id).partition("-")[2])
    return await _ask(harness)


async def _raised() -> Seen:
    harness = _harness()
    await harness.ask(PROMPT)
    await harness.exact.set_threshold("default", 0.96, before=0.0)
    return await _ask(harness)


async def _coalesced() -> Seen:
    harness = _harness()
    answer = await asyncio.gather(harness.ask(PROMPT), harness.ask(PROMPT))
    return Seen(answer[1].x_cache, answer[1].outcome.reason)


async def _waited() -> Seen:
    harness = _harness(terms=LeaseTerms(wait_seconds=0.01), exact=LedElsewhere())
    return await _ask(harness, PROMPT)


async def _expired(*, frozen: bool, policy: Policy, fails: bool = False) -> Seen:
    harness = _harness(policy, frozen=frozen)
    await harness.ask(PROMPT)
    harness.exact.time += policy.default_ttl_seconds
    harness.upstream.unreachable = fails
    return await _ask(harness, PROMPT)


async def _stale_if_error() -> Seen:
    return await _expired(frozen=False, policy=Policy(stale_if_error_seconds=60), fails=True)


async def _revalidated(*, frozen: bool) -> Seen:
    return await _expired(frozen=frozen, policy=Policy(stale_while_revalidate_seconds=60))


async def _too_long() -> Seen:
    harness = _harness()
    harness.embedder.longest = 5
    return await _ask(harness)


async def _uncached_route() -> Seen:
    harness = _harness()
    call = UpstreamCall(
        "GET", "/x", "", {}, b"{}", None, harness.upstream.routes("m"), streaming=True
    )
    reply = await harness.upstream.send(call)
    passed = _answered(reply, b"")
    await reply.body.aclose()
    return Seen(passed.outcome.result, passed.outcome.reason)


PATH = "/v1/chat/completions"


async def _refused() -> Seen:
    headers = refused(InvalidRequest("no"), "req", PATH).headers
    return Seen(headers["x-cache"], headers["x-cache-reason"])


async def _upstream_error() -> Seen:
    headers = upstream_failed(UpstreamUnreachable("away", upstream="u"), "req", PATH).headers
    return Seen(headers["x-cache"], headers["x-cache-reason"])


async def _internal_error() -> Seen:
    headers = unforeseen("req", PATH).headers
    return Seen(headers["x-cache"], headers["x-cache-reason"])


async def _client_left() -> Seen:
    headers = refused(InvalidRequest("left", code=CLIENT_LEFT_CODE), "req", PATH).headers
    return Seen(headers["x-cache"], headers["x-cache-reason"])


IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]
TOOL = [{"type": "function", "function": {"name": "f"}}]


async def _unproved() -> Seen:
    harness = _harness()
    pieces = sse(chunk(unknown_text="a"), chunk("x", unknown_text="b"), chunk(finish="stop"))
    harness.upstream.queue(pieces, headers=SSE_HEADERS)
    await harness.ask(PROMPT, stream=True)
    return await _ask(harness, PROMPT)


async def _learned() -> Seen:
    return await _ask(await taught())


async def _trusted() -> Seen:
    harness = learning(0.97)
    await harness.ask(PROMPT)
    await trusting(harness)
    return await _ask(harness)


async def _unproven() -> Seen:
    harness = learning()
    await harness.ask(PROMPT)
    return await _ask(harness)


async def _explored() -> Seen:
    harness = await taught(frozen=True)
    harness.chance = ALWAYS
    return await _ask(harness)


WAYS: dict[Reason, Way] = {
    Reason.IDENTICAL: _second(PROMPT),
    Reason.NORMALISED: _second("what is  RUST?"),
    Reason.PROMOTED: _promoted,
    Reason.SIMILAR: _second(),
    Reason.VERIFIED: _verified,
    Reason.LEARNED: _learned,
    Reason.TRUSTED: _trusted,
    Reason.COALESCED: _coalesced,
    Reason.STALE_IF_ERROR: _stale_if_error,
    Reason.STALE_WHILE_REVALIDATE: lambda: _revalidated(frozen=False),
    Reason.NOT_FOUND: _first(),
    Reason.PARTLY_CACHED: _partly_cached,
    Reason.FORM_UNPROVED: _unproved,
    Reason.BELOW_THRESHOLD: _below,
    Reason.GUARD: _vetoed,
    Reason.CUT_OFF: _cleared,
    Reason.VERIFIER: _second(policy=Policy(verified=True)),
    Reason.UNVERIFIED: _unverified,
    Reason.UNPROVEN: _unproven,
    Reason.EXPLORED: _explored,
    Reason.SHADOW: _sampled,
    Reason.RENEWED: lambda: _revalidated(frozen=True),
    Reason.FEEDBACK: _barred,
    Reason.THRESHOLD_RAISED: _raised,
    Reason.EXACT_MODE: _first(headers={"x-cache-mode": "exact"}),
    Reason.EXACT_ROUTE: _first(dialect=TextDialect(), prompt="Once"),
    Reason.WRITE_ONLY: _with_header("x-cache-mode", "write-only"),
    Reason.REFRESH: _with_header("x-cache-mode", "refresh"),
    Reason.NO_CACHE: _with_header("cache-control", "no-cache"),
    Reason.SEMANTIC_OFF: _second(policy=Policy(semantic=False)),
    Reason.NOT_USER_TEXT: _first(messages=[{"role": "system", "content": "Hello"}]),
    Reason.NOT_TEXT_ONLY: _first(messages=IMAGE),
    Reason.TOOLS: _first(tools=TOOL),
    Reason.TEMPERATURE: _first(temperature=1.5),
    Reason.TIME_SENSITIVE: _first("What is the weather today?"),
    Reason.PERSONAL: _first("What is my name?"),
    Reason.TOO_LONG: _too_long,
    Reason.BYPASS_ASKED: _with_header("x-bypass-cache", "true"),
    Reason.UPSTREAM_STATE: _first(store=True),
    Reason.UNCACHED_ROUTE: _uncached_route,
    Reason.REFUSED: _refused,
    Reason.UPSTREAM_ERROR: _upstream_error,
    Reason.INTERNAL_ERROR: _internal_error,
    Reason.CLIENT_LEFT: _client_left,
    Reason.SINGLE_FLIGHT_TIMEOUT: _waited,
    Reason.EXACT_UNAVAILABLE: _away("exact"),
    Reason.EMBEDDER_UNAVAILABLE: _away("embedder"),
    Reason.SEARCH_UNAVAILABLE: _away("vectors"),
}
"""One way to bring about each reason; a new one needs its own."""


def _rows() -> dict[str, tuple[str, str]]:
    lines = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {word.strip("`"): (x_cache.strip("`"), meaning) for word, x_cache, meaning in cells}


@pytest.mark.parametrize("reason", Reason)
async def test_each_reason_is_brought_about_and_reported_as_documented(reason: Reason) -> None:
    seen = await WAYS[reason]()

    assert seen.reason.partition(":")[0] == reason
    assert _rows()[reason] == (seen.x_cache, MEANINGS[reason])


def test_the_documented_words_are_the_vocabulary() -> None:
    assert list(_rows()) == [str(reason) for reason in Reason]
    assert MEANINGS.keys() == set(Reason) == WAYS.keys()


async def test_a_veto_names_its_rule() -> None:
    assert (await _vetoed()).reason == "guard:case"
