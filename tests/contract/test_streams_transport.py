"""The transport to a REST store, against servers that answer byte by byte, and badly."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from llm_cache_proxy.adapters.streams_transport import StreamsTransport
from llm_cache_proxy.adapters.tls import tls_context
from servers.requirements import require_program

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
    async with served(Server(pause_seconds=0.3)) as server, calling() as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.post(server.url, json=["late"])
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


async def test_nobody_listening_is_an_error_of_httpx() -> None:
    async with served(Server()) as server:
        pass

    async with calling() as client:
        with pytest.raises(httpx.ConnectError):
            await client.post(server.url, json=[])


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
