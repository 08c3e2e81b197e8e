"""One call of the command line to a running proxy's `/admin`, and how its failure is told.

Decides the exit codes: 1 the action failed, 3 nobody answers at the address, 4 the key is refused
(2 is click's, for a command line that makes no sense).
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

import click
import httpx

from llm_cache_proxy.domain.json_text import JsonObject

DEFAULT_URL = "http://127.0.0.1:3000"
FAILED = 1

_KEY_STATUSES = frozenset({401, 403})
_FIRST_ERROR = 400


class CallFailed(click.ClickException):
    """A call that gave no answer; click prints the message and exits with `exit_code`."""

    exit_code = FAILED


class NobodyAnswers(CallFailed):
    """There is no proxy at the address, or it took too long."""

    exit_code = 3


class KeyRefused(CallFailed):
    """The admin key is missing or wrong."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Remote:
    """A running proxy, and whether its answers are printed as JSON."""

    url: str
    admin_key: str | None
    as_json: bool
    timeout_seconds: float

    def get(self, path: str, query: Mapping[str, str | None] | None = None) -> JsonObject:
        """The answer of a reading action. Raises CallFailed."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self._call("GET", path, params=given)

    def post(self, path: str, fields: Mapping[str, object]) -> JsonObject:
        """The answer of an action that takes fields; None counts as not given."""
        given = {name: value for name, value in fields.items() if value is not None}
        return self._call("POST", path, body=given)

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
                address = f"{self.url.rstrip('/')}{path}"
                return await client.request(
                    method, address, params=params, json=body, headers=headers
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
                f"Nobody answers at {self.url} ({exc}).\nStart the local server with 'make dev' "
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
        raise KeyRefused(f"{_message(answer)}\nGive the key with --admin-key or in ADMIN_KEY.")
    if response.status_code >= _FIRST_ERROR:
        raise CallFailed(_message(answer))
    return answer


def _message(answer: JsonObject) -> str:
    error = answer.get("error")
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    return f"The server's answer was {json.dumps(answer)[:300]}"
