"""Clients that leave a running proxy in the middle of a stream."""

from pathlib import Path

import httpx
import pytest

from servers.proxy.process import proxy_process
from servers.upstream.answers import chat_chunks
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Pause, Stall, sse, stream
from servers.waiting import eventually

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Tell me."}], "stream": True}
EVENTS = [sse([event], done=False) for event in chat_chunks("one two three")]


def leave_after(base_url: str, pieces: int) -> None:
    """Read so many pieces of a stream, and hang up."""
    with (
        httpx.Client(timeout=60) as client,
        client.stream("POST", f"{base_url}/chat/completions", json=REQUEST) as reply,
    ):
        answer = reply.iter_raw()
        for _ in range(pieces):
            next(answer)


@pytest.mark.parametrize("pieces", [0, 1])
def test_the_upstream_call_of_a_client_that_left_is_cancelled(tmp_path: Path, pieces: int) -> None:
    with ScriptedUpstream().in_thread() as upstream:
        upstream.queue(stream([EVENTS[0], EVENTS[1]], end=[Stall()]))
        with proxy_process(tmp_path / "data", UPSTREAM_BASE_URL=upstream.base_url) as proxy:
            leave_after(proxy.base_url, pieces)

            eventually(lambda: bool(upstream.requests))
            assert upstream.requests[0].left.wait(60)
            eventually(lambda: upstream.open_connections == 0)


def test_a_stream_that_was_left_is_read_on_and_stored_by_setting(tmp_path: Path) -> None:
    with ScriptedUpstream().in_thread() as upstream:
        whole = stream([*EVENTS, sse([])])
        upstream.queue([*whole[:2], Pause(0.5), *whole[2:]])
        settings = {"UPSTREAM_BASE_URL": upstream.base_url, "FINISH_LEFT_STREAMS": "true"}
        with proxy_process(tmp_path / "data", **settings) as proxy:
            leave_after(proxy.base_url, 1)

            assert upstream.requests[0].answered.wait(60)
            assert not upstream.requests[0].left.is_set()

            def is_hit() -> bool:
                asked = {**REQUEST, "stream": False}
                headers = {"cache-control": "only-if-cached"}
                answer = httpx.post(
                    f"{proxy.base_url}/chat/completions", json=asked, headers=headers, timeout=30
                )
                return str(answer.headers.get("x-cache")) == "HIT-EXACT"

            eventually(is_hit)
    assert len(upstream.requests) == 1
