"""The transport to REST stores and LLMs, against servers that answer byte by byte, and badly."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop

from llm_cache_proxy.adapters.http.tls import tls_context
from llm_cache_proxy.adapters.http.transport import StreamsTransport
from servers.requirements import require_program
from servers.waiting import happening

BothEnds = tuple[ssl.SSLContext | None, ssl.SSLContext | None]

WHOLE = b'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{"result":1}'
CHUNKED = (
    b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{"resul\r\n5\r\nt":1}\r\n0\r\n\r\n'
)
UNTIL_CLOSED = b'HTTP/1.0 200 OK\r\n\r\n{"result":1}'


@dataclass
class Server:
    """Gives `answer` to every request, then ends the connection if `ends`."""

    answer: bytes = WHOLE
    ends: bool = False
    pause_seconds: float = 0.0
    url: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                await asyncio.sleep(self.pause_seconds)
                writer.write(self.answer)
                if self.ends:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """`server` on a free port."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    async with listening:
        scheme = "http" if tls is None else "https"
        server.url = f"{scheme}://localhost:{listening.sockets[0].getsockname()[1]}"
        yield server
        for writer in server.writers:
            writer.transport.abort()


@asynccontextmanager
async def calling(tls: ssl.SSLContext | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client over the transport."""
    transport = StreamsTransport(tls or tls_context())
    async with httpx.AsyncClient(transport=transport) as client:
        yield client


@pytest.mark.parametrize("answer", [WHOLE, CHUNKED])
async def test_connections_are_kept(answer: bytes) -> None:
    async with served(Server(answer)) as server, calling() as client:
        for number in range(3):
            response = await client.post(server.url, json=[number])

            assert response.json() == {"result": 1}

    assert server.connections == 1
    assert [request[-3:] for request in server.requests] == [b"[0]", b"[1]", b"[2]"]


async def test_an_answer_may_end_with_its_connection() -> None:
    async with served(Server(UNTIL_CLOSED, ends=True)) as server, calling() as client:
        first = await client.post(server.url, json=[])
        second = await client.post(server.url, json=[])

    assert first.json() == second.json() == {"result": 1}
    assert server.connections == 2


async def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    async with served(Server(ends=True)) as server, calling() as client:
        await client.post(server.url, json=[])
        await asyncio.sleep(0.05)

        response = await client.post(server.url, json=[])

    assert response.json() == {"result": 1}
    assert server.connections == 2


async def test_calls_at_the_same_time_have_connections_of_their_own() -> None:
    async with served(Server(pause_seconds=0.05)) as server, calling() as client:
        both = await asyncio.gather(*(client.post(server.url, json=[n]) for n in range(2)))

    assert [response.status_code for response in both] == [200, 200]
    assert server.connections == 2


async def test_a_call_that_was_given_up_takes_its_connection_with_it() -> None:
    async with served(Server(pause_seconds=60)) as server, calling() as client:
        late = asyncio.create_task(client.post(server.url, json=["late"]))
        await happening(lambda: bool(server.requests))
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        server.pause_seconds = 0.0

        response = await client.post(server.url, json=["next"])

    assert response.json() == {"result": 1}
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{", b"no HTTP at all\r\n\r\n"],
    ids=["nothing", "half an answer", "rubbish"],
)
async def test_a_broken_answer_is_an_error_of_httpx(answer: bytes) -> None:
    async with served(Server(answer, ends=True)) as server, calling() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(server.url, json=[])


async def test_a_refused_connection_is_an_error_of_httpx() -> None:
    async with served(Server()) as server:
        pass

    async with calling() as client:
        with pytest.raises(httpx.ConnectError):
            await client.post(server.url, json=[])


async def test_unsolicited_bytes_are_never_taken_for_the_next_answer() -> None:
    async with served(Server(WHOLE + WHOLE.replace(b"1", b"2"))) as server, calling() as client:
        for _ in range(2):
            response = await client.post(server.url, json=[])

            assert response.json() == {"result": 1}

    assert server.connections == 2


async def test_what_comes_late_is_not_taken_for_the_next_answer_either(both_ends: BothEnds) -> None:
    serving, trusting = both_ends
    async with served(Server(), serving) as server, calling(trusting) as client:
        await client.post(server.url, json=[])
        server.writers[0].write(WHOLE.replace(b":1}", b":2}"))
        await asyncio.sleep(0.05)

        response = await client.post(server.url, json=[])

    assert response.json() == {"result": 1}
    assert server.connections == 2


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that nobody else trusts; its key is beside it."""
    made = tmp_path / "certificate.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    files = ["-out", str(made), "-keyout", str(tmp_path / "key.pem")]
    subprocess.run(
        [require_program("openssl"), "req", *options, *names, *files],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture(params=["http", "https"])
def both_ends(request: pytest.FixtureRequest, certificate: Path) -> BothEnds:
    """What a server serves with and its client trusts; None is plain HTTP."""
    if request.param == "http":
        return None, None
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return serving, ssl.create_default_context(cafile=str(certificate))


STREAMED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"


async def test_a_body_is_passed_on_as_it_comes() -> None:
    async with (
        served(Server(STREAMED)) as server,
        calling() as client,
        client.stream("POST", server.url, json=[]) as response,
    ):
        pieces = response.aiter_bytes()

        assert await anext(pieces) == b"one"
        server.writers[0].write(b"3\r\ntwo\r\n0\r\n\r\n")
        assert [piece async for piece in pieces] == [b"two"]


async def test_a_connection_is_kept_after_a_body_that_was_read_to_its_end() -> None:
    async with served(Server(STREAMED)) as server, calling() as client:
        for _ in range(2):
            async with client.stream("POST", server.url, json=[]) as response:
                server.writers[-1].write(b"0\r\n\r\n")

                assert await response.aread() == b"one"

    assert server.connections == 1


async def test_a_body_that_is_given_up_takes_its_connection_with_it() -> None:
    async with served(Server(STREAMED)) as server, calling() as client:
        async with client.stream("POST", server.url, json=[]) as response:
            assert response.status_code == 200
        server.answer = WHOLE

        answered = await client.post(server.url, json=[])

    assert answered.json() == {"result": 1}
    assert server.connections == 2


@asynccontextmanager
async def deaf(answer: bytes = b"", tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that reads no more than a request's head, then gives `answer`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await over.wait()
        writer.transport.abort()

    over = asyncio.Event()
    listening = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1024, ssl=tls)
    async with listening, asyncio.timeout(60):
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://localhost:{listening.sockets[0].getsockname()[1]}"
        over.set()


BIG = b"x" * 20_000_000


async def test_an_answer_may_come_before_the_request_is_heard(both_ends: BothEnds) -> None:
    serving, trusting = both_ends
    refusal = b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig"
    async with deaf(refusal, serving) as url, calling(trusting) as client:
        response = await client.post(url, content=BIG)

    assert (response.status_code, response.content) == (413, b"big")


async def test_a_request_that_no_handler_takes_ends_in_time(both_ends: BothEnds) -> None:
    serving, trusting = both_ends
    async with deaf(tls=serving) as url, calling(trusting) as client:
        with pytest.raises(httpx.WriteTimeout):
            await client.post(url, content=BIG, timeout=httpx.Timeout(None, write=0.1))


async def test_a_call_waits_for_its_turn_no_longer_than_it_may() -> None:
    transport = StreamsTransport(tls_context(), most_at_once=1)
    async with (
        served(Server(STREAMED)) as server,
        httpx.AsyncClient(transport=transport) as client,
        client.stream("POST", server.url, json=[]),
    ):
        with pytest.raises(httpx.PoolTimeout):
            await client.post(server.url, json=[], timeout=httpx.Timeout(5, pool=0.05))


@contextmanager
def silent() -> Iterator[int]:
    """A port of 127.0.0.2 where nobody is let in, and nobody sent away."""
    with socket.create_server(("127.0.0.2", 0), backlog=0) as listener:
        port: int = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:  # the queue of those who wait to be let in is full with them
            each.setblocking(False)
            each.connect_ex(("127.0.0.2", port))
        yield port
        for each in waiting:
            each.close()


async def test_a_connection_that_is_not_made_in_time_is_given_up() -> None:
    with silent() as port:
        async with calling() as client:
            with pytest.raises(httpx.ConnectTimeout):
                await client.post(f"http://127.0.0.2:{port}", timeout=httpx.Timeout(5, connect=0.1))


class TwoAddresses(asyncio.SelectorEventLoop):
    """Finds two addresses for `name.test`, the one that is silent first."""

    async def getaddrinfo(self, host: object, port: object, **more: Any) -> list[Any]:
        if host == "name.test":
            return addresses_at(port)
        return await super().getaddrinfo(host, port, **more)  # type: ignore[arg-type]


class TwoAddressesOnUvloop(uvloop.Loop):
    """The same."""

    async def getaddrinfo(self, host: Any, port: Any, **more: Any) -> list[Any]:
        if host == "name.test":
            return addresses_at(port)
        return list(await super().getaddrinfo(host, port, **more))


def addresses_at(port: object) -> list[Any]:
    kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    return [(*kind, ("127.0.0.2", port)), (*kind, ("127.0.0.1", port))]


@pytest.mark.parametrize("loop", [TwoAddresses, TwoAddressesOnUvloop])
def test_a_name_s_second_address_does_not_wait_for_the_first_to_fail(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def answer(port: int) -> httpx.Response:
        server = Server()
        listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
        async with listening, calling() as client:
            return await client.post(f"http://name.test:{port}", json=[], timeout=2)

    with silent() as port, asyncio.Runner(loop_factory=loop) as runner:
        response = runner.run(answer(port))

    assert response.json() == {"result": 1}


async def test_a_certificate_is_checked(certificate: Path) -> None:
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate, certificate.with_name("key.pem"))
    trusting = ssl.create_default_context(cafile=str(certificate))

    async with served(Server(), serving) as server:
        async with calling(trusting) as client:
            first = await client.post(server.url, json=[])
            second = await client.post(server.url, json=[])
        async with calling() as client:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.post(server.url, json=[])

    assert first.json() == second.json() == {"result": 1}
