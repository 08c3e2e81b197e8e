"""Clients that send a byte now and then: they get an error in the end, and no other waits."""

import json
import socket
import time
from http.client import HTTPResponse
from pathlib import Path

import httpx

from llm_cache_proxy.api.http.request_bodies import BODY_SECONDS
from servers.proxy.process import proxy_process

SLOW_CLIENTS = 40
HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    b"content-length: 1000\r\n\r\n{"
)


def test_slow_clients_are_answered_and_delay_no_other_client(tmp_path: Path) -> None:
    with proxy_process(tmp_path / "data") as proxy:
        port = int(proxy.url.rpartition(":")[2])
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(SLOW_CLIENTS)]
        for each in slow:
            each.sendall(HEAD)
        start = time.monotonic()

        quick = httpx.get(f"{proxy.url}/health", timeout=BODY_SECONDS)
        waited = time.monotonic() - start
        slow[0].settimeout(BODY_SECONDS + 20)
        answer = HTTPResponse(slow[0], method="POST")
        answer.begin()
        body = answer.read()
        for each in slow:
            each.close()

    assert quick.status_code == 200
    assert waited < BODY_SECONDS / 2  # it has not waited for those
    assert answer.status == 408
    assert json.loads(body)["error"]["code"] == "request_timeout"
