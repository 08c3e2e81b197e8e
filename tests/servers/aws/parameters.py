"""AWS Systems Manager's GetParameters for tests, at an address of this machine."""

import json
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_JSON = "application/x-amz-json-1.1"


@dataclass
class ParameterStore:
    """The service as an ASGI app. `values` are what is stored; `refused` answers every call so.

    `calls` lists what each call asked for.
    """

    values: dict[str, str] = field(default_factory=dict)
    refused: str | None = None
    calls: list[dict[str, object]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asked = json.loads(await request.body())
        assert request.headers["x-amz-target"] == "AmazonSSM.GetParameters"
        self.calls.append(asked)
        await self._answer(asked["Names"])(scope, receive, send)

    def _answer(self, names: list[str]) -> Response:
        if self.refused is not None:
            error = json.dumps({"__type": self.refused, "message": "not authorized"})
            return Response(error, 400, media_type=_JSON)
        found = [
            {"Name": name, "Type": "SecureString", "Value": self.values[name], "Version": 1}
            for name in names
            if name in self.values
        ]
        missing = [name for name in names if name not in self.values]
        body = json.dumps({"Parameters": found, "InvalidParameters": missing})
        return Response(body, media_type=_JSON)
