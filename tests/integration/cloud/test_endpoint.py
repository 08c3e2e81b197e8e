"""A stack that has just been made: its API refuses for some seconds before it serves."""

import pytest
from infra.deploy.stack.endpoint import wait_until_it_answers
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from servers.thread import ThreadServer


class NewApi:
    """Answers `/prod/health` with the statuses in turn, and with the last of them from then on."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = statuses
        self.asked = 0
        self.app = Starlette(routes=[Route("/prod/health", self._health)])

    async def _health(self, _: Request) -> Response:
        self.asked += 1
        return Response(status_code=self._statuses[min(self.asked, len(self._statuses)) - 1])


def test_it_is_asked_until_it_serves() -> None:
    api = NewApi(403, 500, 200)

    with ThreadServer(api.app).running() as server:
        wait_until_it_answers(f"{server.url}/prod/v1", pause_seconds=0)

    assert api.asked == 3


@pytest.mark.parametrize("path", ["/prod/v1", "/nothing/v1"])
def test_one_that_never_does_is_given_up(path: str) -> None:
    with ThreadServer(NewApi(403).app).running() as server:
        wait_until_it_answers(f"{server.url}{path}", within_seconds=0.1, pause_seconds=0)
    wait_until_it_answers(f"{server.url}{path}", within_seconds=0.1, pause_seconds=0)
