"""Clients that hold connections or send without end: none of them holds anybody up."""

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import END, Script, Until, chunk, sse, stream
from servers.upstream.streams import chat_event
from servers.waiting import eventually

CONNECTIONS = 60
HEAD_SECONDS = 2.0
SOON_SECONDS = 40.0  # for a machine that is busy; what has no end does not end in it
SETTINGS = {
    "MAX_CONNECTIONS": str(CONNECTIONS),
    "MAX_HEADER_BYTES": "8192",
    "HEADER_TIMEOUT_SECONDS": str(HEAD_SECONDS),
    "DRAIN_SECONDS": "60",
}
GET = b"GET /health HTTP/1.1\r\nhost: localhost\r\n"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    with proxy_process(tmp_path_factory.mktemp("bounded") / "data", **SETTINGS) as running:
        yield running


def connected(proxy: ProxyProcess) -> socket.socket:
    port = int(proxy.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=SOON_SECONDS)


def answer_to(proxy: ProxyProcess, *pieces: bytes) -> bytes:
    """All that comes back until the server closes; what cannot be sent any more is left."""
    with connected(proxy) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
        except OSError:
            pass
        return rest_of(client)


def rest_of(client: socket.socket) -> bytes:
    received = b""
    try:
        while piece := client.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def is_well(proxy: ProxyProcess) -> bool:
    return httpx.get(f"{proxy.url}/health", timeout=SOON_SECONDS).status_code == 200


def code_in(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    "head",
    [
        GET + b"x: " + b"a" * 9_000 + b"\r\n\r\n",
        GET + b"x: y\r\n" * 2_000 + b"\r\n",
        b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
        GET + b"x: " + b"a" * 9_000,
        b"GET /" + b"a" * 9_000,
    ],
    ids=["one header", "many headers", "address", "half a header", "half an address"],
)
def test_a_head_beyond_the_limit_is_refused(proxy: ProxyProcess, head: bytes) -> None:
    assert code_in(answer_to(proxy, head)) == (431, "headers_too_large")
    assert is_well(proxy)


def test_an_endless_head_is_refused_long_before_it_ends(proxy: ProxyProcess) -> None:
    answer = answer_to(proxy, GET, *[b"x: " + b"a" * 60_000 + b"\r\n"] * 200)

    assert not answer or code_in(answer) == (431, "headers_too_large")
    assert is_well(proxy)


def test_a_head_within_the_limit_is_served_in_any_pieces(proxy: ProxyProcess) -> None:
    head = GET + b"x: " + b"a" * 7_000 + b"\r\nconnection: close\r\n\r\n"

    answer = answer_to(proxy, *(head[at : at + 700] for at in range(0, len(head), 700)))

    assert answer.startswith(b"HTTP/1.1 200")


def test_trailers_without_end_end_the_connection(proxy: ProxyProcess) -> None:
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    )

    answer = answer_to(proxy, head, b"1\r\n{\r\n0\r\n", *[b"x: y\r\n"] * 5_000)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert is_well(proxy)


def test_a_connection_is_used_again_after_a_body_that_was_too_large(proxy: ProxyProcess) -> None:
    with httpx.Client(base_url=proxy.url, timeout=20) as client:
        json_type = {"content-type": "application/json"}
        path = "/v1/chat/completions"

        refused = client.post(path, content=b"x" * 5_500_000, headers=json_type)
        after = client.get("/health")

    assert (refused.status_code, after.status_code) == (413, 200)


def test_a_body_that_comes_after_its_refusal_is_no_head(proxy: ProxyProcess) -> None:
    size = 5_500_000
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % size
    )
    with connected(proxy) as client:
        client.sendall(head)
        refused = client.recv(65_536)
        client.sendall(b"x" * size)  # its last piece alone is larger than a head may be
        time.sleep(0.5)  # so that nothing follows the body at once
        client.sendall(GET + b"connection: close\r\n\r\n")
        after = rest_of(client)

    assert refused.startswith(b"HTTP/1.1 413")
    assert b"HTTP/1.1 200" in after  # behind what was left of the refusal


def test_what_is_no_http_is_refused_in_openais_shape(proxy: ProxyProcess) -> None:
    assert code_in(answer_to(proxy, b"\x16\x03\x01 hello\r\n\r\n")) == (400, "invalid_http")


def test_what_is_refused_before_it_is_a_request_is_counted_by_its_cause(
    proxy: ProxyProcess,
) -> None:
    answer_to(proxy, b"no http at all\r\n\r\n")
    answer_to(proxy, GET + b"x: " + b"a" * 9_000 + b"\r\n\r\n")

    eventually(lambda: {"400:invalid_http", "431:headers_too_large"} <= refusals(proxy).keys())


def refusals(proxy: ProxyProcess) -> dict[str, int]:
    answer = httpx.get(f"{proxy.url}/metrics", timeout=20).json()
    counted: dict[str, int] = answer["cache_performance"]["refusals"]
    return counted


def test_a_connection_that_says_nothing_is_closed(proxy: ProxyProcess) -> None:
    begun = time.monotonic()

    answer = answer_to(proxy)

    assert answer == b""
    assert time.monotonic() - begun > HEAD_SECONDS / 2


def test_half_a_head_is_waited_for_no_longer(proxy: ProxyProcess) -> None:
    answer = answer_to(proxy, GET)

    assert code_in(answer) == (408, "request_timeout")


def test_a_byte_now_and_then_does_not_make_the_wait_longer(proxy: ProxyProcess) -> None:
    with connected(proxy) as client:
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.2):
                try:
                    client.sendall(b"x")
                except OSError:
                    return

        client.sendall(GET + b"x: ")
        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            rest_of(client)  # until the server ends it
        finally:
            stop.set()
            thread.join()


def test_more_connections_than_there_may_be_are_turned_away_and_then_served_again(
    proxy: ProxyProcess,
) -> None:
    held = [connected(proxy) for _ in range(CONNECTIONS + 5)]
    try:
        refused = rest_of(held[-1])
    finally:
        for each in held:
            each.close()

    assert code_in(refused) == (503, "overloaded")
    eventually(lambda: is_well(proxy), seconds=SOON_SECONDS)


def stream_until(goes_on: threading.Event) -> Script:
    """Its first piece, and then the other."""
    one, two = (
        sse([chat_event(0, {"content": word}, reason)], done=False)
        for word, reason in (("one", None), (" two", "stop"))
    )
    return [*stream([one], end=[]), Until(goes_on), chunk(two + sse([])), END]


def test_streams_in_flight_end_before_the_server_does(tmp_path: Path) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Q"}], "stream": True}
    goes_on = threading.Event()
    with (
        ScriptedUpstream(lambda _: stream_until(goes_on)).in_thread() as upstream,
        proxy_process(tmp_path / "d", UPSTREAM_BASE_URL=upstream.base_url, **SETTINGS) as proxy,
    ):
        with httpx.stream(
            "POST", f"{proxy.base_url}/chat/completions", json=body, timeout=30
        ) as answer:
            pieces = answer.iter_text()
            first = next(pieces)
            proxy.process.send_signal(signal.SIGTERM)
            assert proxy.process.stdout is not None
            printed = ""
            while "in flight" not in printed:
                line = proxy.process.stdout.readline().decode()
                assert line, "it ended before the stream"
                printed += line
            goes_on.set()
            rest = "".join(pieces)
        proxy.process.wait(60)

    assert "one" in first
    assert "[DONE]" in rest
    assert "1 requests in flight" in printed
