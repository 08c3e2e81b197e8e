"""What an upstream answers is handed on as it comes, on real sockets."""

import gzip
import json
from dataclasses import replace

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.asked import PATIENT, failed, upstream_at
from servers.upstream.calls import chat_call, whole
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Close, Cut, Pause, Send, Stall, answer, head, sse, stream

EVENTS = sse(chat_chunks("one two three"))


async def test_a_stream_may_take_longer_than_a_whole_answer(server: ScriptedUpstream) -> None:
    server.queue(stream([b": still here\n\n"] * 15 + [EVENTS], pause_seconds=0.05))
    upstream = upstream_at(server.base_url, replace(PATIENT, total_seconds=0.5))

    reply = await upstream.send(chat_call(streaming=True))

    assert (await whole(reply)).endswith(b"data: [DONE]\n\n")
    await upstream.aclose()


async def test_what_came_before_a_cut_is_handed_on(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(stream([EVENTS[:100]], end=[Pause(0.05), Cut()]))
    reply = await upstream.send(chat_call(streaming=True))

    got = await anext(reply.body)
    with pytest.raises(UpstreamUnreachable):
        await anext(reply.body)

    assert got == EVENTS[:100]


async def test_a_stream_is_handed_on_as_it_arrives(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(stream([b"data: 1\n\n"], end=[Stall()]))

    reply = await upstream.send(chat_call(streaming=True))

    assert await anext(reply.body) == b"data: 1\n\n"
    await reply.body.aclose()


async def test_one_byte_chunks_add_up(server: ScriptedUpstream, upstream: OpenAIUpstream) -> None:
    text = sse(chat_chunks("Grüße 𝄞"))
    server.queue(stream([text[i : i + 1] for i in range(len(text))]))

    assert await whole(await upstream.send(chat_call(streaming=True))) == text


@pytest.mark.parametrize("status", [400, 401, 404, 413, 429, 500, 503])
async def test_an_error_status_is_passed_with_body_and_wait(
    server: ScriptedUpstream, upstream: OpenAIUpstream, status: int
) -> None:
    body = {"error": {"message": "No.", "type": "t", "param": None, "code": "c"}}
    server.queue(answer(body, status, {"Retry-After": "7", "X-RateLimit-Limit-Tokens": "9"}))

    reply = await upstream.send(chat_call())

    assert reply.status == status
    assert json.loads(await whole(reply)) == body
    assert reply.headers["retry-after"] == "7"
    assert reply.headers["x-upstream-ratelimit-limit-tokens"] == "9"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_refused_and_not_followed(
    server: ScriptedUpstream, upstream: OpenAIUpstream, status: int
) -> None:
    server.queue(answer(b"", status, {"location": f"{server.base_url}/elsewhere"}))

    error = await failed(upstream)

    assert "redirects" in error.message
    assert len(server.requests) == 1


async def test_an_encoding_that_cannot_be_decoded_passes_with_its_name(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(answer(b"\x8b\x00", headers={"content-encoding": "br"}))

    reply = await upstream.send(chat_call())

    assert (await whole(reply), reply.headers["content-encoding"]) == (b"\x8b\x00", "br")


async def test_a_body_that_is_not_encoded_as_it_says_is_unreachable(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(answer(b"not gzip", headers={"content-encoding": "gzip"}))

    assert isinstance(await failed(upstream), UpstreamUnreachable)


async def test_an_answer_without_a_body_is_an_answer(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue([head(204)])

    reply = await upstream.send(chat_call())

    assert (reply.status, await whole(reply)) == (204, b"")


async def test_an_answer_that_ends_with_its_connection_is_whole(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue([head(200, {"content-type": "application/json"}), Send(b"{}"), Close()])

    assert await whole(await upstream.send(chat_call())) == b"{}"


async def test_a_gzip_answer_is_relayed_decoded(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    body = json.dumps(chat("hello")).encode()
    server.queue(answer(gzip.compress(body), headers={"content-encoding": "gzip"}))

    reply = await upstream.send(chat_call())

    assert await whole(reply) == body
    assert "content-encoding" not in reply.headers
