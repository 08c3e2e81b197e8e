"""Followers of a leader whose answer cannot be stored."""

import asyncio
import json
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.publishing import publish_body
from unit.pipeline.harness import Harness, ReceivedAnswer, let_tasks_run

FINISH = chunk(finish="stop")
UNSURE = sse(chunk("x", mood="a"), chunk(mood="b"), FINISH)
RUBBISH = [b"data: rubbish\n\n", *sse(chunk("x"), FINISH)]
ERROR = {"message": "overloaded", "code": "engine_overloaded"}
CUT = sse(chunk("half"), done=False)
UNENDED = sse(chunk("half"))
FAILED = sse(chunk("x"), {"error": {**ERROR, "status": 503}})


async def led(
    pieces: list[bytes], *, follower: dict[str, Any], **headers: Any
) -> tuple[Harness, ReceivedAnswer, ReceivedAnswer]:
    """A leader that streams `pieces`, and one that asks the same meanwhile."""
    harness = Harness()
    harness.upstream.queue(list(pieces), **(headers or {"headers": SSE_HEADERS}))
    leader = await harness.begin(stream=True)
    follows = asyncio.create_task(harness.ask(**follower))
    await let_tasks_run()
    body = leader.body
    read = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
    return harness, ReceivedAnswer(leader.status, read, leader.outcome), await follows


@pytest.mark.parametrize("pieces", [UNSURE, RUBBISH, FAILED, CUT, UNENDED])
async def test_a_stream_is_shared_as_it_was_sent(pieces: list[bytes]) -> None:
    harness, leader, follower = await led(pieces, follower={"stream": True})

    assert (follower.status, follower.x_cache) == (200, "COALESCED")
    assert follower.body == leader.body
    assert len(harness.upstream.calls) == 1


@pytest.mark.parametrize("pieces", [UNSURE, RUBBISH, CUT, UNENDED])
async def test_who_wants_json_finds_an_answer_of_its_own(pieces: list[bytes]) -> None:
    harness, _, follower = await led(pieces, follower={})

    assert (follower.status, follower.said) == (200, "answer 2")
    assert len(harness.upstream.calls) == 2


async def test_a_json_follower_gets_the_error_of_the_leaders_stream() -> None:
    _, _, follower = await led(FAILED, follower={})

    assert follower.status == 503
    assert json.loads(follower.body)["error"]["code"] == ERROR["code"]


async def test_a_json_answer_without_a_stream_form_is_not_streamed() -> None:
    harness, leader, follower = await led([b'{"what": NaN}'], follower={"stream": True}, status=200)

    assert leader.body == b'{"what": NaN}'
    assert follower.body != leader.body
    assert len(harness.upstream.calls) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_an_unstorable_answer_without_followers_is_passed_alone(*, stream: bool) -> None:
    harness = Harness()
    pieces = RUBBISH if stream else [json.dumps(completion("x", finish="length")).encode()]
    harness.upstream.queue(list(pieces), headers=SSE_HEADERS if stream else None)

    answer = await harness.ask(stream=stream, headers={"x-cache-mode": "off"})

    assert (answer.status, answer.body) == (200, b"".join(pieces))


async def test_a_stream_under_another_type_that_breaks_off_is_the_upstreams_failure() -> None:
    harness = Harness()
    gone = UpstreamUnreachable("It broke off.", upstream="fake")
    harness.upstream.queue([gone], headers={"content-type": "text/plain"})

    with pytest.raises(UpstreamUnreachable):
        await harness.ask(stream=True)


async def test_a_request_without_followers_publishes_nothing() -> None:
    state = RequestState()

    await publish_body(state, 500, {}, "text/plain", b"It failed.")

    assert state.leadership is None
