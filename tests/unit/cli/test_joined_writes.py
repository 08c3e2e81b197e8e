"""Facts about heads that go out with the first of their body."""

import asyncio
from typing import cast

import pytest
import uvloop

from llm_cache_proxy.cli.server.joined_writes import JoinedWrites

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Socket:
    """Remembers each write, and when it was closed."""

    def __init__(self) -> None:
        self.written: list[bytes | bytearray | memoryview | None] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.written.append(None)

    def is_closing(self) -> bool:
        return None in self.written

    def get_extra_info(self, name: str) -> str:
        return name


@pytest.fixture
def socket() -> Socket:
    return Socket()


@pytest.fixture
async def joined(socket: Socket) -> JoinedWrites:
    return JoinedWrites(cast("asyncio.Transport", socket), asyncio.get_running_loop())


async def test_a_head_and_what_follows_are_one_write(joined: JoinedWrites, socket: Socket) -> None:
    joined.write(HEAD)
    joined.write(b"body")
    joined.write(b"more")
    await asyncio.sleep(0)

    assert socket.written == [HEAD + b"body", b"more"]


async def test_a_head_alone_waits_no_longer_than_the_loops_turn(
    joined: JoinedWrites, socket: Socket
) -> None:
    joined.write(HEAD)
    await asyncio.sleep(0)
    joined.write(b"later")

    assert socket.written == [HEAD, b"later"]


async def test_heads_that_follow_each_other_keep_their_order(
    joined: JoinedWrites, socket: Socket
) -> None:
    joined.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    joined.write(HEAD)
    joined.write(b"body")

    assert (
        b"".join(filter(None, socket.written)) == b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"body"
    )


async def test_a_head_is_written_before_the_end(joined: JoinedWrites, socket: Socket) -> None:
    joined.write(HEAD)
    joined.close()
    await asyncio.sleep(0)

    assert socket.written == [HEAD, None]
    assert joined.is_closing()


async def test_a_large_body_follows_its_head_uncopied(joined: JoinedWrites, socket: Socket) -> None:
    body = b"x" * 1_000_000

    joined.write(HEAD)
    joined.write(body)
    await asyncio.sleep(0)

    assert socket.written == [HEAD, body]
    assert socket.written[1] is body


@pytest.mark.parametrize("made", [memoryview, bytearray])
async def test_a_head_may_come_in_any_form_of_bytes(
    joined: JoinedWrites, socket: Socket, made: type[memoryview | bytearray]
) -> None:
    joined.write(made(HEAD))
    joined.write(made(b"body"))

    assert socket.written == [HEAD + b"body"]


async def test_everything_else_is_the_transports(joined: JoinedWrites) -> None:
    assert joined.get_extra_info("socket") == "socket"


class ResetAtOnce(asyncio.Protocol):
    """Loses each connection in the turn in which it begins to answer."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        accepted = cast("asyncio.Transport", transport)
        joined = JoinedWrites(accepted, asyncio.get_running_loop())
        accepted.abort()
        joined.write(HEAD)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the protocol's name)
        self.lost.set()


def test_a_head_for_a_client_that_has_left_fails_nothing_on_uvloop() -> None:
    faults: list[dict[str, object]] = []

    async def answer_and_lose() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: faults.append(context))
        protocol = ResetAtOnce()
        async with await loop.create_server(lambda: protocol, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            async with asyncio.timeout(60):
                await protocol.lost.wait()
                assert await reader.read() == b""
            writer.close()

    uvloop.run(answer_and_lose())

    assert faults == []
