"""Lambda's side of a function: its Runtime API and Extensions API, on a thread.

Hands out invocations one by one and takes each response piece by piece, with the time of each, as
AWS does for a streamed answer; it reads on where a client has left, as Lambda does.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

PRELUDE_END = b"\0" * 8
_NEXT = "/2018-06-01/runtime/invocation/next"
_REGISTER = "/2020-01-01/extension/register"
_RESTORED = "/2018-06-01/runtime/restore/next"
_WAIT_SECONDS = 90.0  # for a machine that is busy
_DEADLINE_MS = 4_000_000_000_000


@dataclass
class Invocation:
    """One invocation: what was sent, and what came back of it when."""

    request_id: str
    event: Any
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    started: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def raw(self) -> bytes:
        """Everything that has come, the prelude too."""
        return b"".join(piece for _, piece in self.pieces)

    @property
    def prelude(self) -> Any:
        """Status and headers, as they stand before the body."""
        return json.loads(self.raw.partition(PRELUDE_END)[0])

    @property
    def body(self) -> bytes:
        """What the client gets."""
        return self.raw.partition(PRELUDE_END)[2]

    def wait(self) -> "Invocation":
        """Itself, once it has ended."""
        assert self.ended.wait(_WAIT_SECONDS), "the invocation has not ended"
        return self

    def body_so_far(self, marker: bytes) -> bool:
        """Whether the body holds `marker` by now."""
        return marker in self.body


class RuntimeApi:
    """What a test invokes the function with.

    `frozen` is set once the function waits in its snapshot; it goes on after `thaw`.
    """

    def __init__(self) -> None:
        self.frozen = threading.Event()
        self.thaw = threading.Event()
        self.queue: Queue[Invocation] = Queue()
        self.invocations: dict[str, Invocation] = {}
        self.extensions: list[str] = []

    def invoke(self, event: Any) -> Invocation:
        """Hand the event over; the answer comes by and by."""
        request_id = f"invocation-{len(self.invocations)}"
        made = Invocation(request_id, event)
        self.invocations[request_id] = made
        self.queue.put(made)
        return made


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""

    def do_GET(self) -> None:
        if self.path == _RESTORED:
            self.server.api.frozen.set()
            self.server.api.thaw.wait(_WAIT_SECONDS)
            self._accepted(body=b"{}")
            return
        if self.path != _NEXT:
            self.server.closing.wait()  # an extension waits for an event that never comes
            self.close_connection = True
            return
        invocation = self.server.api.queue.get()
        payload = json.dumps(invocation.event).encode()
        self.send_response(200)
        self.send_header("lambda-runtime-aws-request-id", invocation.request_id)
        self.send_header("lambda-runtime-deadline-ms", str(_DEADLINE_MS))
        arn = "arn:aws:lambda:us-east-1:123456789012:function:completions"
        self.send_header("lambda-runtime-invoked-function-arn", arn)
        self.send_header("lambda-runtime-trace-id", "Root=1-0-0")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def do_POST(self) -> None:
        if self.path == _REGISTER:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            self.server.api.extensions.append(self.headers["lambda-extension-name"])
            self._accepted(("lambda-extension-identifier", "extension"), body=b"{}")
            return
        request_id = self.path.split("/")[-2]
        invocation = self.server.api.invocations[request_id]
        invocation.headers = {name.lower(): value for name, value in self.headers.items()}
        invocation.started.set()
        for piece in self._pieces():
            invocation.pieces.append((time.monotonic(), piece))
        invocation.ended.set()
        self._accepted(body=b"{}")

    def _pieces(self) -> Iterator[bytes]:
        if "content-length" in self.headers:
            yield self.rfile.read(int(self.headers["content-length"]))
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers

    def _accepted(self, *headers: tuple[str, str], body: bytes) -> None:
        self.send_response(202 if not headers else 200)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api
        self.closing = threading.Event()


@contextmanager
def runtime_api() -> Iterator[tuple[RuntimeApi, str]]:
    """It, and its host and port as AWS_LAMBDA_RUNTIME_API has them."""
    api = RuntimeApi()
    with _Server(api) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield api, f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
