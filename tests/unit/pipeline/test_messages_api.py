"""Facts about Anthropic's Messages API on a miss and on a hit."""

import asyncio
import json
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, GatedUpstream
from llm_cache_proxy.domain.dialects.registry import MESSAGES, TOKEN_COUNT
from llm_cache_proxy.domain.errors import NotInCache, UpstreamUnreachable
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.single_flight.follower import KEEP_ALIVE
from unit.pipeline.harness import PROMPT_NANO, Harness, ReceivedAnswer, read

USAGE = {"input_tokens": 8, "cache_read_input_tokens": 2, "output_tokens": 5}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


@pytest.fixture
def harness() -> Harness:
    return Harness()


def message(text: str = "A language.", **changes: Any) -> dict[str, Any]:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
    content = [{"type": "text", "text": text}]
    ended = {"stop_reason": "end_turn", "stop_sequence": None, "usage": USAGE}
    return {**head, "content": content, **ended, **changes}


def sse(*events: dict[str, Any]) -> list[bytes]:
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


def stream(whole: dict[str, Any]) -> list[bytes]:
    """The message as Anthropic streams it."""
    [block] = whole["content"]
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}
    place = {"index": 0}
    words = [block["text"][at : at + 4] for at in range(0, len(block["text"]), 4)]
    opened = {"type": "content_block_start", **place, "content_block": {**block, "text": ""}}
    texts = [{"type": "text_delta", "text": word} for word in words]
    ended = {name: whole[name] for name in ("stop_reason", "stop_sequence")}
    return sse(
        {"type": "message_start", "message": begun},
        opened,
        {"type": "ping"},
        *({"type": "content_block_delta", **place, "delta": delta} for delta in texts),
        {"type": "content_block_stop", **place},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    )


async def ask(harness: Harness, text: str = "What is Rust?", **changes: Any) -> ReceivedAnswer:
    return await harness.ask(text, dialect=MESSAGES, max_tokens=100, **changes)


def assembled(answer: ReceivedAnswer) -> dict[str, Any]:
    assembler = MESSAGES.assembler()
    for line in answer.body.decode().split("\n"):
        if line.startswith("data: "):
            assembler.add(line.removeprefix("data: "))
    return assembler.completion()


async def test_a_plain_message_answers_plain_and_streamed(harness: Harness) -> None:
    harness.upstream.queue([json.dumps(message()).encode()])

    first, plain, streamed = await ask(harness), await ask(harness), await ask(harness, stream=True)

    assert [answer.x_cache for answer in (first, plain, streamed)] == [
        "MISS",
        "HIT-EXACT",
        "HIT-EXACT",
    ]
    assert first.body == plain.body
    assert assembled(streamed) == message()
    assert streamed.body.startswith(b"event: message_start\n")
    assert streamed.body.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')
    assert b"[DONE]" not in streamed.body


async def test_a_streamed_message_answers_plain_and_streamed(harness: Harness) -> None:
    pieces = stream(message())
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    first, streamed = await ask(harness, stream=True), await ask(harness, stream=True)
    plain = await ask(harness)

    assert first.body == b"".join(pieces)
    assert json.loads(plain.body) == assembled(streamed) == message()
    assert (streamed.x_cache, plain.x_cache) == ("HIT-EXACT", "HIT-EXACT")


async def test_the_last_event_is_sent_after_the_message_was_stored(harness: Harness) -> None:
    harness.upstream.queue(stream(message()), headers=SSE_HEADERS)
    answer = await harness.begin(stream=True, dialect=MESSAGES)
    assert not isinstance(answer.body, bytes)

    async for piece in answer.body:
        assert bool(harness.exact.entries) == (b"message_stop" in piece)

    assert b"message_stop" in piece


async def test_a_request_goes_out_as_it_was_written(harness: Harness) -> None:
    cached = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}

    await ask(harness, system=[cached], temperature=1.0)

    body = harness.upstream.calls[0].body
    assert b'"cache_control": {"type": "ephemeral"}' in body
    assert b'"temperature": 1.0' in body


async def test_tokens_of_the_upstreams_cache_are_counted_and_saved(harness: Harness) -> None:
    harness.upstream.queue([json.dumps(message()).encode()])
    await ask(harness)

    hit = await ask(harness)

    assert harness.exact.count_of("model:m:prompt_used") == 10
    assert hit.outcome.saved_tokens == 15
    assert hit.outcome.saved_nano_dollars is not None
    assert hit.outcome.saved_nano_dollars >= 10 * PROMPT_NANO


async def test_the_semantic_tier_works_as_in_a_chat(harness: Harness) -> None:
    harness.upstream.queue([json.dumps(message()).encode()])
    one, other = "What is the capital of France?", "What's the capital of France?"
    harness.embedder.set_similarity(one, other, 0.97)
    await ask(harness, one)

    similar = await ask(harness, other)
    systems = await ask(harness, other, system="Answer in French.")

    assert (similar.x_cache, systems.x_cache) == ("HIT-SEMANTIC", "MISS")


@pytest.mark.parametrize("name", ["anthropic-version", "anthropic-beta"])
async def test_another_version_or_beta_is_another_request(harness: Harness, name: str) -> None:
    for _ in range(2):
        harness.upstream.queue([json.dumps(message()).encode()])

    answers = [await ask(harness, headers={name: value}) for value in ("a", "b", "a")]

    assert [answer.x_cache for answer in answers] == ["MISS", "MISS", "HIT-EXACT"]


async def test_betas_count_in_any_order(harness: Harness) -> None:
    harness.upstream.queue([json.dumps(message()).encode()])

    answers = [
        await ask(harness, headers={"anthropic-beta": value}) for value in ("a,b", "b, a", "b,a,a")
    ]

    assert [answer.x_cache for answer in answers] == ["MISS", "HIT-EXACT", "HIT-EXACT"]


@pytest.mark.parametrize(
    "changes",
    [
        {"container": "container_1"},
        {"mcp_servers": [{"type": "url", "url": "https://mcp.example", "name": "x"}]},
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    ],
)
async def test_what_leans_on_the_upstream_passes_uncached(
    harness: Harness, changes: dict[str, Any]
) -> None:
    for _ in range(2):
        harness.upstream.queue([json.dumps(message()).encode()])

    answers = [await ask(harness, **changes) for _ in range(2)]

    assert [answer.x_cache for answer in answers] == ["BYPASS", "BYPASS"]
    assert answers[0].outcome.reason == "upstream-state"
    assert harness.exact.entries == {}


@pytest.mark.parametrize(
    "pieces",
    [
        stream(message(stop_reason="max_tokens")),
        stream(message(stop_reason="refusal")),
        stream(message())[:-1],
        [*stream(message())[:-1], *sse(OVERLOADED)],
        [*sse(OVERLOADED), *stream(message())],
        stream(message("")),
    ],
)
async def test_what_is_not_whole_is_passed_on_and_never_stored(
    harness: Harness, pieces: list[bytes]
) -> None:
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    answer = await ask(harness, stream=True)

    assert answer.body == b"".join(pieces)
    assert harness.exact.entries == {}
    assert harness.exact.count_of("misses") == 1


async def test_a_stream_that_breaks_ends_in_anthropics_error_event(harness: Harness) -> None:
    broken = UpstreamUnreachable("It broke off.", upstream="fake")
    harness.upstream.queue([*stream(message())[:3], broken], headers=SSE_HEADERS)

    answer = await ask(harness, stream=True)

    last = answer.body.decode().rstrip("\n").split("\n\n")[-1]
    assert last.startswith("event: error\ndata: ")
    error = json.loads(last.removeprefix("event: error\ndata: "))
    assert error["error"] == {"type": "api_error", "message": "It broke off."}


async def test_identical_requests_in_flight_share_one_call(harness: Harness) -> None:
    harness.upstream.queue([json.dumps(message()).encode()])

    answers = await asyncio.gather(*(ask(harness) for _ in range(3)))

    assert len(harness.upstream.calls) == 1
    assert len({answer.body for answer in answers}) == 1
    assert sorted(answer.x_cache for answer in answers) == ["COALESCED", "COALESCED", "MISS"]


async def test_a_stream_that_waited_for_a_leaders_error_ends_in_an_event() -> None:
    upstream = GatedUpstream()
    harness = Harness(keep_alive_seconds=0.0, upstream=upstream)
    upstream.queue([json.dumps(OVERLOADED).encode()], status=529)
    leader = asyncio.create_task(ask(harness))
    await upstream.asked.wait()
    follower = await harness.begin(stream=True, dialect=MESSAGES, max_tokens=100)
    upstream.gate.set()

    pieces = await read(follower.body)
    await leader
    await harness.proxy.drain()

    assert pieces[0] == KEEP_ALIVE
    assert pieces[-1].startswith(b"event: error\n")
    assert b"overloaded_error" in pieces[-1]


async def test_a_stale_message_stands_in_for_a_failed_upstream() -> None:
    harness = Harness(policy=Policy(stale_if_error_seconds=600))
    harness.upstream.queue([json.dumps(message()).encode()])
    await ask(harness, headers={"x-cache-ttl": "60"})
    harness.exact.time += 100
    harness.upstream.unreachable = True

    answer = await ask(harness, stream=True)

    assert answer.x_cache == "STALE"
    assert assembled(answer) == message()


async def test_tenants_and_namespaces_are_apart(harness: Harness) -> None:
    for _ in range(3):
        harness.upstream.queue([json.dumps(message()).encode()])

    answers = [
        await ask(harness),
        await ask(harness, tenant="other"),
        await ask(harness, headers={"x-cache-namespace": "docs"}),
    ]

    assert [answer.x_cache for answer in answers] == ["MISS", "MISS", "MISS"]


async def test_only_if_cached_is_refused_where_it_is_not(harness: Harness) -> None:
    with pytest.raises(NotInCache):
        await ask(harness, headers={"cache-control": "only-if-cached"})


async def test_a_bypass_neither_reads_nor_writes(harness: Harness) -> None:
    for _ in range(2):
        harness.upstream.queue([json.dumps(message()).encode()])

    answers = [await ask(harness, headers={"x-bypass-cache": "true"}) for _ in range(2)]

    assert [answer.x_cache for answer in answers] == ["BYPASS", "BYPASS"]


async def test_a_count_of_tokens_is_kept_word_for_word(harness: Harness) -> None:
    harness.upstream.queue([b'{"input_tokens": 14}'])
    harness.upstream.queue([b'{"input_tokens": 15}'])

    answers = [
        await harness.ask(text, dialect=TOKEN_COUNT) for text in ("Hi you", "Hi you", "hi  you")
    ]

    assert [answer.x_cache for answer in answers] == ["MISS", "HIT-EXACT", "MISS"]
    assert answers[1].body == b'{"input_tokens": 14}'


async def test_a_message_ends_with_its_ttl(harness: Harness) -> None:
    for text in ("One.", "Two."):
        harness.upstream.queue([json.dumps(message(text)).encode()])
    await ask(harness, headers={"x-cache-ttl": "60"})

    harness.exact.time += 59
    hit = await ask(harness)
    harness.exact.time += 2
    miss = await ask(harness)

    assert (hit.x_cache, json.loads(hit.body)) == ("HIT-EXACT", message("One."))
    assert (miss.x_cache, json.loads(miss.body)) == ("MISS", message("Two."))


@pytest.mark.parametrize("streams", [False, True])
async def test_while_both_tiers_are_away_the_upstream_answers(
    harness: Harness, *, streams: bool
) -> None:
    harness.exact.away = harness.vectors.away = harness.embedder.away = True
    pieces = stream(message()) if streams else [json.dumps(message()).encode()]
    harness.upstream.queue(pieces, headers=SSE_HEADERS if streams else None)

    answer = await ask(harness, stream=streams)
    harness.exact.away = False

    said = assembled(answer) if streams else json.loads(answer.body)
    assert (answer.x_cache, said) == ("MISS", message())


async def test_a_clear_takes_messages(harness: Harness) -> None:
    for text in ("One.", "Two."):
        harness.upstream.queue([json.dumps(message(text)).encode()])
    await ask(harness)

    await harness.exact.cut("default", "all")
    after = await ask(harness)

    assert (after.x_cache, json.loads(after.body)) == ("MISS", message("Two."))
