"""One call of the command line to a running proxy: to its `/admin`, or to its admin function.

Exit codes: 1 the action failed; 3 no server answers at the address; 4 the key is refused (2 is
click's, for a command line that makes no sense).
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
import httpx

from llm_cache_proxy.api.operators.admin_paths import PATHS
from llm_cache_proxy.domain.json_text import JsonObject

FAILED = 1


class CallFailed(click.ClickException):
    """A call that gave no answer; click prints the message and exits with `exit_code`."""

    exit_code = FAILED


class NobodyAnswers(CallFailed):
    """There is no proxy at the address, or it took too long."""

    exit_code = 3


class KeyRefused(CallFailed):
    """The admin key is missing or wrong."""

    exit_code = 4


def message_in(answer: JsonObject) -> str:
    """What an answer in OpenAI's error shape says."""
    error = answer.get("error")
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    return f"The server's answer was {json.dumps(answer)[:300]}"


OUTPUT = "AdminFunctionName"
"""The output of template.yaml that names the admin function."""


def invoked(stack: str, action: JsonObject, timeout_seconds: float) -> JsonObject:
    """The answer to an action. Raises CallFailed, with what to do about it."""
    # Half a second that only calls to a stack pay for.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return _invoked(stack, action, timeout_seconds)
    except ClientError as exc:
        error = exc.response.get("Error", {})
        said = error.get("Message", "no reason given")
        raise CallFailed(f"AWS refused the call ({error.get('Code')}): {said}") from exc
    except BotoCoreError as exc:
        raise NobodyAnswers(
            f"AWS could not be called: {exc}\nCredentials and region are those of the AWS command "
            "line: AWS_PROFILE, AWS_REGION."
        ) from exc


def _invoked(stack: str, action: JsonObject, timeout_seconds: float) -> JsonObject:
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=5, read_timeout=timeout_seconds, retries={"total_max_attempts": 1}
    )
    [found] = boto3.client("cloudformation", config=config).describe_stacks(StackName=stack)[
        "Stacks"
    ]
    name = _output(stack, found.get("Outputs", []))
    reply = boto3.client("lambda", config=config).invoke(
        FunctionName=name, Payload=json.dumps(action).encode()
    )
    answer = json.loads(reply["Payload"].read())
    if reply.get("FunctionError"):
        said = answer.get("errorMessage") if isinstance(answer, dict) else None
        raise CallFailed(f"The function {name} failed: {said or answer}")
    if not isinstance(answer, dict):
        raise CallFailed(f"{name} answered with something else than an object.")
    if "error" in answer:
        raise CallFailed(message_in(answer))
    return answer


def _output(stack: str, outputs: list[dict[str, Any]]) -> str:
    for output in outputs:
        if output["OutputKey"] == OUTPUT:
            return str(output["OutputValue"])
    raise CallFailed(f"The stack {stack} has no output {OUTPUT}: is it an LLM Cache Proxy?")


DEFAULT_URL = "http://127.0.0.1:3000"
_KEY_STATUSES = frozenset({401, 403})
_FIRST_ERROR = 400

__all__ = ["DEFAULT_URL", "FAILED", "CallFailed", "KeyRefused", "NobodyAnswers", "Remote"]


@dataclass(frozen=True, slots=True)
class Remote:
    """A running proxy, by address or by stack, and whether its answers are printed as JSON."""

    url: str
    stack: str | None
    admin_key: str | None
    as_json: bool
    timeout_seconds: float

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self.url if self.stack is None else f"the stack {self.stack}"

    def get(self, path: str, query: Mapping[str, object] | None = None) -> JsonObject:
        """The answer of a reading action. Raises CallFailed."""
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        if self.stack is not None:
            return self._invoked(self.stack, path, given)
        return self._call("GET", path, params=given)

    def post(self, path: str, fields: Mapping[str, object]) -> JsonObject:
        """The answer of an action that takes fields; None counts as not given."""
        given = {name: value for name, value in fields.items() if value is not None}
        if self.stack is not None:
            return self._invoked(self.stack, path, given)
        return self._call("POST", path, body=given)

    def _invoked(self, stack: str, path: str, fields: Mapping[str, object]) -> JsonObject:
        _, action = PATHS[path]
        return invoked(stack, {**fields, "action": action}, self.timeout_seconds)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: JsonObject | None = None,
    ) -> JsonObject:
        headers = {} if self.admin_key is None else {"x-admin-key": self.admin_key}

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(timeout=self.timeout_seconds) as client:
                return await client.request(
                    method, f"{self.url}{path}", params=params, json=body, headers=headers
                )

        try:
            response = asyncio.run(send())
        except httpx.TimeoutException as exc:
            raise NobodyAnswers(
                f"{self.url} did not answer within {self.timeout_seconds:g} s; "
                "--timeout gives it longer."
            ) from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise NobodyAnswers(
                f"No server answers at {self.url} ({exc}).\nStart the local server with 'make dev' "
                "or 'llm-cache-proxy serve', or name a running one with --url."
            ) from exc
        return _checked(self.url, response)


def _checked(url: str, response: httpx.Response) -> JsonObject:
    try:
        answer = response.json()
    except json.JSONDecodeError as exc:
        raise CallFailed(
            f"{url} answered with status {response.status_code} and no JSON: "
            "is it an LLM Cache Proxy?"
        ) from exc
    if not isinstance(answer, dict):
        raise CallFailed(f"{url} answered with something else than an object.")
    if response.status_code in _KEY_STATUSES:
        raise KeyRefused(f"{message_in(answer)}\nGive the key with --admin-key or in ADMIN_KEY.")
    if response.status_code >= _FIRST_ERROR:
        raise CallFailed(message_in(answer))
    return answer
