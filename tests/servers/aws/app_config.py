"""AWS AppConfig's data API for tests, at an address of this machine."""

import json
from dataclasses import dataclass, field
from itertools import count

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


@dataclass
class AppConfig:
    """The service as an ASGI app. `deployed` is the configuration that a profile has now.

    A session's token is good for one call; a configuration is sent when the session has not had
    it. `sessions` lists what each was begun with, `sent` what was sent; `refused` answers every
    call so.
    """

    deployed: str = "{}"
    refused: str | None = None
    sessions: list[dict[str, object]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    _had: dict[str, str | None] = field(default_factory=dict)
    _tokens: "count[int]" = field(default_factory=count)

    def forget(self) -> None:
        """End every session, as a day does."""
        self._had.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if self.refused is not None:
            answer = _error(403, self.refused)
        elif request.method == "POST" and request.url.path == "/configurationsessions":
            self.sessions.append(json.loads(await request.body()))
            body = json.dumps({"InitialConfigurationToken": self._token(had=None)})
            answer = Response(body, 201, media_type="application/json")
        else:
            assert (request.method, request.url.path) == ("GET", "/configuration")
            answer = self._latest(request.query_params["configuration_token"])
        await answer(scope, receive, send)

    def _latest(self, token: str) -> Response:
        if token not in self._had:
            return _error(400, "BadRequestException")
        had = self._had.pop(token)
        body = "" if had == self.deployed else self.deployed
        if body:
            self.sent.append(body)
        headers = {
            "Next-Poll-Configuration-Token": self._token(had=self.deployed),
            "Next-Poll-Interval-In-Seconds": "15",
        }
        return Response(body, headers=headers, media_type="application/json")

    def _token(self, *, had: str | None) -> str:
        token = f"token-{next(self._tokens)}"
        self._had[token] = had
        return token


def _error(status: int, kind: str) -> Response:
    body = json.dumps({"Message": "not to be had"})
    headers = {"x-amzn-errortype": kind}
    return Response(body, status, headers=headers, media_type="application/json")
