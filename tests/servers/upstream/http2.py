"""An upstream that speaks HTTP/2 over TLS and nothing else, on a socket of this machine."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded

from servers.upstream.answers import chat


@dataclass
class Http2Upstream:
    """Answers every request with one chat completion, all streams of a connection together."""

    certificate: Path
    key: Path
    port: int = 0
    connections: int = 0
    paths: list[str] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"https://localhost:{self.port}/v1"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Http2Upstream"]:
        """Serve in the running loop while the block runs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        context.set_alpn_protocols(["h2"])
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        spoken = H2Connection(H2Configuration(client_side=False))
        spoken.initiate_connection()
        writer.write(spoken.data_to_send())
        waiting: list[int] = []
        while data := await reader.read(65_536):
            for event in spoken.receive_data(data):
                if isinstance(event, RequestReceived):
                    headers = dict(event.headers or [])
                    self.paths.append(headers[b":path"].decode())
                if isinstance(event, StreamEnded) and event.stream_id is not None:
                    waiting.append(event.stream_id)
            while waiting:
                _answer(spoken, waiting.pop())
            writer.write(spoken.data_to_send())
            await writer.drain()
        writer.close()


def _answer(spoken: H2Connection, stream_id: int) -> None:
    head = [(":status", "200"), ("content-type", "application/json")]
    spoken.send_headers(stream_id, head)
    spoken.send_data(stream_id, json.dumps(chat("over HTTP/2")).encode(), end_stream=True)
