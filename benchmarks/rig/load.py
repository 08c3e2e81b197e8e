"""HTTP requests from raw sockets, so that the client costs little beside what it measures."""

import json
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: headers in lower case; when its body began, and seconds to its last byte.

    `first_at` is `time.perf_counter()`, which the processes of a machine share.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    first_at: float
    last_seconds: float


class Connection:
    """One kept-alive connection to `base_url`."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._socket = socket.create_connection((self._host, self._port), TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""

    def __enter__(self) -> Self:
        """Nothing more than itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, request: bytes) -> None:
        """Send a whole request; `read` gives its answer."""
        self._socket.sendall(request)

    def ask(self, request: bytes) -> Reply:
        """Send and read."""
        self.send(request)
        return self.read()

    def read(self) -> Reply:
        """The next answer on this connection, seconds counted from this call."""
        started = time.perf_counter()
        head = self._until(b"\r\n\r\n")
        first_at = time.perf_counter()
        status_line, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if "content-length" in headers:
            body = self._exactly(int(headers["content-length"]))
        else:
            first_at, body = self._chunked()
        last_seconds = time.perf_counter() - started
        return Reply(int(status_line.split()[1]), headers, body, first_at, last_seconds)

    def _chunked(self) -> tuple[float, bytes]:
        pieces = [self._chunk()]
        first_at = time.perf_counter()
        while pieces[-1]:
            pieces.append(self._chunk())
        return first_at, b"".join(pieces)

    def _chunk(self) -> bytes:
        size = int(self._until(b"\r\n"), 16)
        return self._exactly(size + 2)[:-2]

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._held:
            self._more()
        found, _, self._held = self._held.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        pieces, missing = [self._held], size - len(self._held)
        while missing > 0:
            pieces.append(self._received())
            missing -= len(pieces[-1])
        held = b"".join(pieces)
        self._held = held[size:]
        return held[:size]

    def _more(self) -> None:
        self._held += self._received()

    def _received(self) -> bytes:
        piece = self._socket.recv(1_000_000)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


def chat_request(
    base_url: str,
    prompt: str,
    model: str,
    *,
    headers: Mapping[str, str] | None = None,
    **fields: object,
) -> bytes:
    """The bytes of a chat completion request, as OpenAI's SDK would send it."""
    message = {"role": "user", "content": prompt}
    asked = {"model": model, "messages": [message]} | fields
    return json_request(base_url, "/v1/chat/completions", asked, headers)


def json_request(
    base_url: str,
    path: str,
    fields: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a POST to `path`, as OpenAI's SDK would send it."""
    body = json.dumps(fields).encode()
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {urlsplit(base_url).netloc}\r\n"
        "accept: application/json\r\ncontent-type: application/json\r\n"
        "user-agent: OpenAI/Python 3.54.0\r\nauthorization: Bearer sk-benchmark\r\n"
        f"{more}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def rounds(connections: Sequence[Connection], request: bytes, count: int) -> float:
    """Seconds for at least `count` answers with status 200, every connection always asking."""
    started = time.perf_counter()
    for _ in range(-(-count // len(connections))):
        for connection in connections:
            connection.send(request)
        for connection in connections:
            reply = connection.read()
            if reply.status != 200:  # noqa: PLR2004 - HTTP
                raise RuntimeError(f"status {reply.status}: {reply.body[:300]!r}")
    return time.perf_counter() - started


def all_answered(
    connections: Sequence[Connection], requests: Sequence[bytes]
) -> tuple[float, Reply]:
    """Seconds for the answers to all of `requests`, every connection always asking; the last one.

    Raises RuntimeError unless all have status 200 and one length: no more is looked at, so that a
    client costs little beside what it measures.
    """
    waiting: deque[Connection] = deque()
    lengths: set[int] = set()
    left = iter(requests)
    started = time.perf_counter()
    for connection, request in zip(connections, left, strict=False):
        connection.send(request)
        waiting.append(connection)
    while waiting:
        connection = waiting.popleft()
        reply = connection.read()
        if reply.status != 200:  # noqa: PLR2004 - HTTP
            raise RuntimeError(f"status {reply.status}: {reply.body[:300]!r}")
        lengths.add(len(reply.body))
        for request in islice(left, 1):
            connection.send(request)
            waiting.append(connection)
    seconds = time.perf_counter() - started
    if len(lengths) != 1:
        raise RuntimeError(f"answers of {sorted(lengths)} bytes to the same requests")
    return seconds, reply
