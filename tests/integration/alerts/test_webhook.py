"""The running command reports trouble to a webhook, and its end."""

import asyncio
import json
import logging
import re
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_cache_proxy.adapters.webhook import Webhook
from servers.proxy.process import EXACT_ONLY, proxy_process
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer

SECRET_PATH = "/services/T000/B000/the-secret-of-the-channel"


class Channel:
    """What people read: every message that came."""

    def __init__(self, status: int = 200) -> None:
        self.messages: list[dict[str, Any]] = []
        self._status = status
        self._changed = threading.Condition()
        self.app = Starlette(routes=[Route(SECRET_PATH, self._take, methods=["POST"])])

    def message(self, number: int) -> str:
        """The message of that number, once it has come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.messages) > number, 60)
        return str(self.messages[number]["text"])

    async def _take(self, request: Request) -> Response:
        assert request.headers["content-type"] == "application/json"
        with self._changed:
            self.messages.append(json.loads(await request.body()))
            self._changed.notify_all()
        return Response("ok", status_code=self._status)


def test_a_failing_upstream_is_reported_and_so_is_its_recovery(tmp_path: Path) -> None:
    channel = Channel()
    with (
        ThreadServer(channel.app).running() as webhook,
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            tmp_path / "data",
            UPSTREAM_BASE_URL=upstream.base_url,
            ALERT_WEBHOOK_URL=f"{webhook.url}{SECRET_PATH}",
            ALERT_AFTER_SECONDS="0.2",
            **EXACT_ONLY,
        ) as proxy,
    ):
        upstream.when(answer({"error": {"message": "no"}}, 401), prompt="fail")

        def ask(text: str) -> int:
            body = {"model": "m", "messages": [{"role": "user", "content": text}]}
            return httpx.post(
                f"{proxy.base_url}/chat/completions", json=body, timeout=60
            ).status_code

        refused = [ask("fail") for _ in range(3)]
        trouble = channel.message(0)
        answered = ask("What is Rust?")
        over = channel.message(1)

    assert (refused, answered) == ([401, 401, 401], 200)
    assert re.search(r"the upstream has failed 3 times in a row \(for \d+ s\)", trouble)
    assert "over after" in over
    assert {tuple(message) for message in channel.messages} == {("text",)}


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_refuses_has_not_taken_the_message(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def sent(url: str) -> bool:
        webhook = Webhook(url)
        try:
            return await webhook.send("trouble")
        finally:
            await webhook.aclose()

    with caplog.at_level(logging.WARNING), ThreadServer(Channel(status).app).running() as server:
        taken = asyncio.run(sent(f"{server.url}{SECRET_PATH}"))

    assert not taken
    assert str(status) in caplog.text
    assert "the-secret-of-the-channel" not in caplog.text


async def test_a_webhook_that_is_away_fails_nothing_and_stays_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    webhook = Webhook(f"http://127.0.0.1:9{SECRET_PATH}")

    assert await webhook.send("trouble") is False

    await webhook.aclose()
    await webhook.aclose()
    assert "ALERT_WEBHOOK_URL cannot be reached (ConnectError)" in caplog.text
    assert "the-secret-of-the-channel" not in caplog.text
