"""Bytes to a server and what comes back of them: no client library stands between."""

import io
import json
import select
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import cast

from llm_cache_proxy.domain.json_text import JsonObject

_QUIET_SECONDS = 1.5


@dataclass(frozen=True)
class Reply:
    """One HTTP answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def fields(self) -> JsonObject:
        """The body's JSON object, empty where it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def __str__(self) -> str:
        """The status, and the error's code or where the answer came from."""
        if self.status < 400:
            return f"{self.status} {self.headers.get('x-cache', '')}".rstrip()
        error = self.fields.get("error")
        if not self.body:
            return f"{self.status}"
        if not isinstance(error, dict) or not self._is_in_shape(error):
            return f"{self.status} not in OpenAI's shape"
        if "Traceback" in str(error["message"]) or 'File "/' in str(error["message"]):
            return f"{self.status} an exception's text"
        return f"{self.status} {error.get('code') or error['type']}"

    def _is_in_shape(self, error: JsonObject) -> bool:
        """Whether it is OpenAI's; or, named by its type alone, Anthropic's."""
        anthropics = {"type", "error", "request_id"}
        return set(error) == {"message", "type", "param", "code"} or (
            set(error) == {"message", "type"} and set(self.fields) == anthropics
        )


def exchange(
    port: int,
    *pieces: bytes,
    pause_seconds: float = 0.0,
    longest_seconds: float = 30.0,
    ends: bool = False,
) -> tuple[list[Reply], bool]:
    """The answers to what was sent, and whether the server closed the connection.

    Returns when it has, or when nothing has come for a moment after a whole answer. `ends`: our
    side of the connection is closed after the last piece.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=longest_seconds) as client:
        try:
            for number, piece in enumerate(pieces):
                if number and pause_seconds:
                    time.sleep(pause_seconds)
                client.sendall(piece)
            if ends:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before all of it was sent
        received, closed = _received(client, longest_seconds)
    return replies_in(received), closed


def _received(client: socket.socket, longest_seconds: float) -> tuple[bytes, bool]:
    received = bytearray()
    deadline = time.monotonic() + longest_seconds
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([client], [], [], min(left, _QUIET_SECONDS))
        if not ready and replies_in(bytes(received)):
            break
        if not ready:
            continue
        try:
            piece = client.recv(1_000_000)
        except ConnectionResetError:
            return bytes(received), True
        if not piece:
            return bytes(received), True
        received += piece
    return bytes(received), False


def replies_in(received: bytes) -> list[Reply]:
    """Every whole answer."""
    source, found = _Source(received), []
    while source.tell() < len(received):
        response = HTTPResponse(cast("socket.socket", source))  # all it asks for is makefile
        try:
            response.begin()
            body = response.read()
        except (HTTPException, OSError, ValueError):
            break
        headers = {name.lower(): value for name, value in response.getheaders()}
        found.append(Reply(response.status, headers, body))
    return found


class _Source(io.BytesIO):
    """What was received, as http.client reads from a socket."""

    def makefile(self, _: str) -> "io.BytesIO":
        return self

    def close(self) -> None:
        """Stay open for the next answer."""


def shown(replies: Sequence[Reply], *, closed: bool) -> str:
    """What a row of the table says was seen."""
    if not replies:
        return "closed" if closed else "no answer"
    return ", then ".join(str(reply) for reply in replies)
