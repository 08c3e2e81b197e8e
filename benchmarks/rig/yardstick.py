"""The least that a cached answer over HTTP can cost here: what our own cost is compared with.

The same server, framework and client as ours: the body is parsed, one script that does nothing but
fetch runs on Redis, and its answer is sent. No key, no policy, no count, no header.
"""

import json
import os
from functools import cache

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SCRIPT = "return redis.call('HMGET', KEYS[1], 'j')"
KEY = "yardstick"


@cache
def _redis() -> Redis:
    return Redis.from_url(os.environ["REDIS_URL"], decode_responses=True, protocol=2)


async def _answer(request: Request) -> Response:
    json.loads(await request.body())
    found = await _redis().eval(SCRIPT, 1, KEY)
    return Response(found[0], media_type="application/json")


app = Starlette(routes=[Route("/v1/chat/completions", _answer, methods=["POST"])])
"""Served by uvicorn, as the completions function is."""
