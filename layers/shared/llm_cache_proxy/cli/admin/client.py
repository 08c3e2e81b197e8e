"""One call of the command line to a running proxy: to its `/admin`, or to its admin function."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from llm_cache_proxy.api.operators.admin_paths import PATHS
from llm_cache_proxy.cli.admin.failures import (
    FAILED,
    CallFailed,
    KeyRefused,
    NobodyAnswers,
    message_in,
)
from llm_cache_proxy.cli.admin.stack import invoked
from llm_cache_proxy.domain.json_text import JsonObject

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
        raise KeyRefused(f"{message_in(answer)}\nGive the key with --admin-key or in ADMIN_KEY.")
    if response.status_code >= _FIRST_ERROR:
        raise CallFailed(message_in(answer))
    return answer
