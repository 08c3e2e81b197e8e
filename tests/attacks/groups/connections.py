"""Many connections, and clients that leave, read nothing or come all at once."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from attacks.case import CHAT, Attack, Group, Request, Story, asking
from attacks.target import Target
from attacks.wire import exchange, shown
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.scripts import Pause, Recorded, Stall, answer, head, sse, stream
from servers.waiting import eventually

_HEALTH = Request("/health", method="GET")
_LONG_SECONDS = 30


@contextlib.contextmanager
def _held(target: Target, count: int, first: bytes = b"") -> Iterator[list[socket.socket]]:
    address = ("127.0.0.1", target.port(keyed=False))
    held = [socket.create_connection(address, timeout=20) for _ in range(count)]
    try:
        for each in held:
            with contextlib.suppress(OSError):
                each.sendall(first)
        yield held
    finally:
        for each in held:
            each.close()


def _too_many(target: Target) -> str:
    with _held(target, 310):
        replies, closed = exchange(target.port(keyed=False))
    return _after(target, shown(replies, closed=closed))


def _idle_end(target: Target) -> str:
    with _held(target, 200, b"GET /health HTTP/1.1\r\n") as held:
        ended = sum(_has_ended(each) for each in held)
    return _after(target, f"{ended} of 200 closed")


def _has_ended(client: socket.socket) -> bool:
    client.settimeout(_LONG_SECONDS)
    try:
        while client.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def _opened_and_reset(target: Target) -> str:
    for _ in range(1_000):
        with socket.create_connection(("127.0.0.1", target.port(keyed=False))) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return _after(target, "taken")


def _after(target: Target, seen: str) -> str:
    """`seen`, and whether the next client is served within a few seconds."""
    deadline = time.monotonic() + _LONG_SECONDS
    while time.monotonic() < deadline:
        replies, _ = exchange(target.port(keyed=False), _HEALTH.encoded(target))
        if [reply.status for reply in replies] == [200]:
            return f"{seen}, then served"
        time.sleep(0.1)
    return f"{seen}, then not served"


def _leaves(target: Target, text: str, *, streams: bool, seconds: float) -> Recorded:
    """A client that goes while the upstream answers; the upstream's record of the request."""
    request = Request(body=asking(text, stream=streams))
    with socket.create_connection(("127.0.0.1", target.port(keyed=False))) as client:
        client.sendall(request.encoded(target))
        eventually(lambda: bool(_recorded(target, text)), seconds=_LONG_SECONDS)
        time.sleep(seconds)
    return _recorded(target, text)[-1]


def _recorded(target: Target, text: str) -> list[Recorded]:
    return [each for each in target.upstream.requests if text.encode() in each.body]


def _left_stream(target: Target) -> str:
    text = "A stream that is left"
    events = [sse([event], done=False) for event in chat_chunks("word " * 200)]
    target.upstream.when(stream(events, pause_seconds=0.05), prompt=text)
    record = _leaves(target, text, streams=True, seconds=0.5)
    return (
        "the upstream's call ended"
        if record.left.wait(_LONG_SECONDS)
        else "the upstream streams on"
    )


def _left_answer(target: Target) -> str:
    text = "An answer that is left"
    target.upstream.when([Pause(1.5), *answer(chat("late"))], prompt=text)
    _leaves(target, text, streams=False, seconds=0.5)
    return _after(target, "left")


def _left_silence(target: Target) -> str:
    text = "A silence that is left"
    target.upstream.when([head(200, {"content-type": "application/json"}), Stall()], prompt=text)
    _leaves(target, text, streams=False, seconds=0.5)
    return _after(target, "left")


def _reads_nothing(target: Target) -> str:
    text = "Read by nobody"
    events = [sse([event], done=False) for event in chat_chunks("x" * 60_000)]
    target.upstream.when(stream([*events * 20, sse([])]), prompt=text)
    request = Request(body=asking(text, stream=True))
    with socket.create_connection(("127.0.0.1", target.port(keyed=False))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.sendall(request.encoded(target))
        time.sleep(1)
        return _after(target, "waits")


def _left_batch(target: Target) -> str:
    fields = {"model": "all-MiniLM-L6-v2", "input": [f"text {n} " * 50 for n in range(2_000)]}
    request = Request("/v1/embeddings", fields)
    with socket.create_connection(("127.0.0.1", target.port(keyed=False))) as client:
        client.sendall(request.encoded(target))
        time.sleep(0.5)
    begun = time.monotonic()
    reply = Request("/v1/embeddings", {"model": "all-MiniLM-L6-v2", "input": "one"}).reply(target)
    soon = time.monotonic() - begun < 30  # two thousand texts take a processor a minute
    return f"{reply}, {'soon' if soon else 'late'}"


def _identical_at_once(target: Target) -> str:
    text = "Asked by sixty at once"
    target.upstream.when([Pause(0.5), *answer(chat("once"))], prompt=text)
    with ThreadPoolExecutor(60) as threads:
        replies = list(threads.map(lambda _: Request(body=asking(text)).reply(target), range(60)))
    calls = sum(text.encode() in request.body for request in target.upstream.requests)
    statuses = sorted({reply.status for reply in replies})
    return f"{len(replies)} answers of {statuses}, {calls} call"


def _followers_of_a_failure(target: Target) -> str:
    text = "Fails for twenty at once"
    target.upstream.when(answer(b"{}", 400), prompt=text)
    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(lambda _: Request(body=asking(text)).reply(target), range(20)))
    return f"{sorted({reply.status for reply in replies})}"


def _mixed_tenants(target: Target) -> str:
    """Two tenants ask the same questions at once: nobody may get the other's answer."""

    def one(number: int) -> bool:
        who = ("acme", "other")[number % 2]
        headers = {"authorization": f"Bearer {{{who}}}"}
        fields = asking(f"Question {number // 4} of many", user=who)
        reply = Request(CHAT, fields, headers, keyed=True).reply(target)
        return f"Question {number // 4} of many".encode() in reply.body

    with ThreadPoolExecutor(40) as threads:
        right = list(threads.map(one, range(200)))
    return f"{sum(right)} of 200 right"


GROUP = Group(
    "Connections, and clients that leave",
    [
        Attack(
            "more connections than there may be",
            "503 overloaded, then served",
            Story("310 connections under a limit of 300", _too_many),
        ),
        Attack(
            "200 half-sent heads",
            "200 of 200 closed, then served",
            Story("200 connections with half a head each", _idle_end),
        ),
        Attack(
            "1,000 connections that are reset",
            "taken, then served",
            Story("1,000 connections, reset at once", _opened_and_reset),
        ),
        Attack(
            "a client leaves its stream",
            "the upstream's call ended",
            Story("a stream, and the end of the connection", _left_stream),
        ),
        Attack(
            "a client leaves before its answer",
            "left, then served",
            Story("a request, and the end of the connection", _left_answer),
        ),
        Attack(
            "a client leaves an upstream that is silent",
            "left, then served",
            Story("a request, a silent upstream, the end of the connection", _left_silence),
        ),
        Attack(
            "a client that reads nothing",
            "waits, then served",
            Story("a long stream that nobody reads", _reads_nothing),
        ),
        Attack(
            "a client leaves a batch of embeddings",
            "200 BYPASS, soon",
            Story("2,000 long texts, the end of the connection, and one short text", _left_batch),
        ),
        Attack(
            "sixty clients with one prompt",
            "60 answers of [200], 1 call",
            Story("one prompt of 60 clients at once", _identical_at_once),
        ),
        Attack(
            "twenty clients with one prompt that fails",
            "[400]",
            Story(
                "one prompt of 20 clients at once; the upstream refuses", _followers_of_a_failure
            ),
        ),
        Attack(
            "two tenants at once",
            "200 of 200 right",
            Story("200 prompts of two tenants over 40 connections", _mixed_tenants),
        ),
    ],
)
