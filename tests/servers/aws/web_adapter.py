"""The Lambda Web Adapter in Python, for what its crate lacks and where cargo does: a stand-in.

A program of its own, with the adapter's variables. It registers as an extension, waits for the
web server, has it prepare for a snapshot and wake from one where the instance is of that kind, and
passes one event at a time on, the answer piece by piece. The contract suite holds it to what the
adapter itself does.
"""

import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

_RUNTIME = "/2018-06-01/runtime"
_EXTENSION = "/2020-01-01/extension"
_STREAMED = "application/vnd.awslambda.http-integration-response"
_START_SECONDS = 60.0
_FINE = 2  # the first digit of a status
_CONNECTION_ONLY = {"transfer-encoding", "connection", "keep-alive"}


class Adapter:
    """Stands between Lambda's Runtime API and a web server on a port of this machine."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._runtime = environment["AWS_LAMBDA_RUNTIME_API"]
        self._port = int(environment["AWS_LWA_PORT"])
        self._events = environment.get("AWS_LWA_PASS_THROUGH_PATH", "/events")
        self._snapshot = environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
        self._before = environment.get("AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH", "")
        self._after = environment.get("AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH", "")

    def run(self) -> None:
        """Serve until the process is ended."""
        self._register()
        self._wait_for_the_server()
        if self._snapshot:
            self._through_the_snapshot()
        while True:
            self._pass_one_on()

    def _register(self) -> None:
        registered, _ = _ask(
            self._runtime, "POST", f"{_EXTENSION}/register", b'{"events": []}',
            {"lambda-extension-name": "lambda-adapter"},
        )  # fmt: skip
        identifier = {"lambda-extension-identifier": registered["lambda-extension-identifier"]}
        waiting = (self._runtime, "GET", f"{_EXTENSION}/event/next", b"", identifier)
        threading.Thread(target=_ask, args=waiting, daemon=True).start()

    def _wait_for_the_server(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _through_the_snapshot(self) -> None:
        if self._before:
            self._hook(self._before)
        _ask(self._runtime, "GET", f"{_RUNTIME}/restore/next", b"", {})
        if self._after:
            self._hook(self._after)

    def _hook(self, path: str) -> None:
        """What does not answer with a 2xx ends the phase, and with it the instance."""
        server = http.client.HTTPConnection("127.0.0.1", self._port)
        server.request("POST", path)
        answered = server.getresponse()
        answered.read()
        server.close()
        if answered.status // 100 != _FINE:
            sys.exit(f"{path} answered with {answered.status}")

    def _pass_one_on(self) -> None:
        headers, body = _ask(self._runtime, "GET", f"{_RUNTIME}/invocation/next", b"", {})
        request_id = headers["lambda-runtime-aws-request-id"]
        method, target, sent, content = self._request(json.loads(body), request_id)
        server = http.client.HTTPConnection("127.0.0.1", self._port)
        server.request(method, target, content, sent)
        self._answer(request_id, server.getresponse())
        server.close()

    def _request(self, event: Any, request_id: str) -> tuple[str, str, dict[str, str], bytes]:
        context = {"x-amzn-lambda-context": json.dumps({"request_id": request_id})}
        if not isinstance(event, dict) or "httpMethod" not in event:
            context["content-type"] = "application/json"
            return "POST", self._events, context, json.dumps(event).encode()
        context["x-amzn-request-context"] = json.dumps(event["requestContext"])
        query = urlencode(event.get("multiValueQueryStringParameters") or {}, doseq=True)
        target = event["path"] + (f"?{query}" if query else "")
        content = (event["body"] or "").encode()
        return event["httpMethod"], target, {**event["headers"], **context}, content

    def _answer(self, request_id: str, answered: http.client.HTTPResponse) -> None:
        path = f"{_RUNTIME}/invocation/{request_id}/response"
        headers = {
            "lambda-runtime-function-response-mode": "streaming",
            "content-type": _STREAMED,
            "transfer-encoding": "chunked",
        }
        runtime = http.client.HTTPConnection(self._runtime)
        runtime.request("POST", path, _streamed(answered), headers, encode_chunked=True)
        runtime.getresponse().read()
        runtime.close()


def _streamed(answered: http.client.HTTPResponse) -> Iterator[bytes]:
    """What stands before the body, and the body as it comes."""
    listed = {name: value for name, value in answered.getheaders() if name not in _CONNECTION_ONLY}
    prelude = {"statusCode": answered.status, "headers": listed, "cookies": []}
    yield json.dumps(prelude).encode() + b"\0" * 8
    while piece := answered.read1(65_536):
        yield piece


def _ask(
    host: str, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[Mapping[str, str], bytes]:
    connection = http.client.HTTPConnection(host)
    try:
        connection.request(method, path, body, dict(headers))
        answered = connection.getresponse()
        return {name.lower(): value for name, value in answered.getheaders()}, answered.read()
    finally:
        connection.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Adapter(os.environ).run()
