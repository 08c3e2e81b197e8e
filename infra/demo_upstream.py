"""`python -m infra.demo_upstream`: the demonstration upstream over HTTP, for local stacks.

A function never answers with the demonstration by itself; `sam local` and LocalStack are given
this one's address where no other upstream is named. Needs Python alone, so that any image with
`layers/shared` on its path can run it.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from llm_cache_proxy.adapters.upstream.demo.upstream import DemoUpstream
from llm_cache_proxy.ports.upstream import UpstreamCall

_ROOT = "/v1"
_READ_SECONDS = 30


class _Handler(BaseHTTPRequestHandler):
    """One connection; answers are streamed in chunks."""

    protocol_version = "HTTP/1.1"
    timeout = _READ_SECONDS
    server: "_Server"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "0")
        self._answer(self.rfile.read(int(length)) if length.isdigit() else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: requests hold prompts."""

    def _answer(self, body: bytes) -> None:
        address = urlsplit(self.path)
        call = UpstreamCall(
            method=self.command,
            path=address.path.removeprefix(_ROOT),
            query=address.query,
            headers={},
            body=body,
            model=None,
            routes=(),
            streaming=True,
        )
        asyncio.run(self._relay(call))

    async def _relay(self, call: UpstreamCall) -> None:
        reply = await self.server.upstream.send(call)
        self.send_response(reply.status)
        self.send_header("content-type", reply.headers["content-type"])
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        await self._chunks(reply.body)

    async def _chunks(self, body: AsyncGenerator[bytes, None]) -> None:
        async for piece in body:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], upstream: DemoUpstream) -> None:
        super().__init__(address, _Handler)
        self.upstream = upstream


@contextmanager
def demo_upstream(host: str, port: int = 0) -> Iterator[str]:
    """Serve on a thread while the block runs; the base URL, which ends in /v1."""
    with _Server((host, port), DemoUpstream()) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}{_ROOT}"
        finally:
            server.shutdown()
            thread.join()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the process ends."""
    parser = argparse.ArgumentParser(description="Serve the demonstration upstream.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    options = parser.parse_args(arguments)
    with _Server((options.host, options.port), DemoUpstream()) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
