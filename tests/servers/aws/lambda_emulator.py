"""A zip function under Lambda's own Runtime Interface Emulator, without Docker.

The emulator's binary comes with AWS SAM CLI, the runtime's client is AWS's own package.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from infra.sam_local.machine import architecture
from infra.sam_local.services import free_port

from samples.stack.template import ROOT
from servers.requirements import require_tool

_INVOKE = "/2015-03-31/functions/function/invocations"
_START_SECONDS = 90.0
Json = Any
"""What an invocation answers: JSON of the handler's own shape."""


class EmulatedFunction:
    """One function, invoked directly."""

    def __init__(self, url: str) -> None:
        self._url = url

    def invoke(self, event: Json) -> Json:
        """The handler's answer, or the emulator's account of its failure."""
        return json.loads(self.raw(event))

    def raw(self, event: Json) -> bytes:
        """The same as it came."""
        return httpx.post(self._url + _INVOKE, content=json.dumps(event), timeout=60).content

    def over_http(self, event: Json) -> tuple[int, httpx.Headers, str]:
        """The HTTP response that a proxy integration would make of the handler's answer."""
        answer = self.invoke(event)
        assert "statusCode" in answer, answer
        headers = httpx.Headers(answer.get("headers") or {})
        for name, values in (answer.get("multiValueHeaders") or {}).items():
            headers[name] = values[-1]
        assert not answer["isBase64Encoded"]
        return answer["statusCode"], headers, answer["body"]


@contextmanager
def emulated(name: str, environment: Mapping[str, str]) -> Iterator[EmulatedFunction]:
    """`functions/<name>/handler.py` with nothing but this environment, and Lambda's own."""
    folder = ROOT / "functions" / name
    given = {
        "PATH": str(Path(sys.executable).parent),
        "PYTHONPATH": str(folder),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "EXACT_DEADLINE_SECONDS": "5",  # the machine may be busy
        **environment,
    }
    program = [sys.executable, "-m", "awslambdaric", "handler.handler"]
    with emulated_program(program, folder, given) as function:
        yield function


@contextmanager
def emulated_program(
    program: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[EmulatedFunction]:
    """Whatever speaks to the Runtime API, as the emulator starts it."""
    # On a port of its own each: invocations, and the runtime's side.
    ports = free_port("127.0.0.1"), free_port("127.0.0.1")
    (binary,) = require_tool("sam").glob(
        f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{architecture()}"
    )
    with subprocess.Popen(
        [
            str(binary),
            *("--log-level", "error"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{ports[0]}"),
            *("--runtime-api-address", f"127.0.0.1:{ports[1]}"),
            *program,
        ],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_until_listening(ports[0])
            yield EmulatedFunction(f"http://127.0.0.1:{ports[0]}")
        finally:
            process.terminate()


def rest_event(method: str, path: str, body: Json = None, **headers: str) -> Json:
    """A request as a REST API hands it over (payload 1.0)."""
    sent = {"content-type": "application/json", "host": "api.example", **headers}
    return {
        "resource": "/v1/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path.removeprefix("/v1/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example",
            "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "test"},
            "path": f"/prod{path}",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "resourcePath": "/v1/{proxy+}",
            "stage": "prod",
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def url_event(method: str, path: str, body: Json = None) -> Json:
    """The same from an HTTP API or a function URL (payload 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "api.example"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def balancer_event(method: str, path: str, body: Json = None) -> Json:
    """The same from an Application Load Balancer."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:group"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": {"content-type": "application/json", "host": "api.example"},
        "body": "" if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
