"""CloudFormation and Lambda as far as the command line needs them: one stack, one function."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_STACK = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>{name}</StackName>
<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>
<Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
_OUTPUT = "<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
_UNKNOWN = """<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<Error><Type>Sender</Type><Code>ValidationError</Code>
<Message>Stack with id {name} does not exist</Message></Error></ErrorResponse>"""


def environment(url: str) -> Mapping[str, str]:
    """What makes boto3 call `url`."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }


class AwsStack:
    """An ASGI app; `handler` is the function's, `outputs` the stack's."""

    def __init__(
        self, name: str, outputs: Mapping[str, str], handler: Callable[[Any, Any], Any]
    ) -> None:
        self._name = name
        self._outputs = outputs
        self._handler = handler
        invocation = "/2015-03-31/functions/{name}/invocations"
        self.app = Starlette(
            routes=[
                Route("/", self._describe, methods=["POST"]),
                Route(invocation, self._invoke, methods=["POST"]),
            ]
        )

    async def _describe(self, request: Request) -> Response:
        asked = parse_qs((await request.body()).decode())
        [name] = asked["StackName"]
        if name != self._name:
            return Response(_UNKNOWN.format(name=name), 400, media_type="text/xml")
        outputs = "".join(
            _OUTPUT.format(key=key, value=value) for key, value in self._outputs.items()
        )
        return Response(_STACK.format(name=name, outputs=outputs), media_type="text/xml")

    async def _invoke(self, request: Request) -> Response:
        event = json.loads(await request.body())
        if request.path_params["name"] not in self._outputs.values():
            return Response("{}", 404, headers={"x-amzn-errortype": "ResourceNotFoundException"})
        try:
            answer = await self._handler(event, None)
        except Exception as exc:  # noqa: BLE001 - as Lambda tells of any failure
            result = {"errorMessage": str(exc), "errorType": type(exc).__name__}
            headers = {"x-amz-function-error": "Unhandled"}
            return Response(json.dumps(result), headers=headers)
        return Response(json.dumps(answer))
