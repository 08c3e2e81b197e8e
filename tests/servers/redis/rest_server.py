"""Upstash's REST protocol in front of a real Redis: a server for tests and for local stacks.

One command, a pipeline or a transaction as JSON arrays, Bearer auth, base64 on request. Upstash's
script flag `allow-key-locking`, which Redis does not know, is dropped on the way.

`REDIS_URL=… REDIS_REST_TOKEN=… python rest_server.py` serves on PORT (8079).
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Awaitable, Callable, Sequence

import uvicorn
from redis.asyncio import Connection, ConnectionPool
from redis.exceptions import (
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY_LOCKING = b"#!lua flags=allow-key-locking\n"
_BAD_REQUEST, _UNAUTHORISED, _BROKEN = 400, 401, 500
_CODES = {NoScriptError: "NOSCRIPT", OutOfMemoryError: "OOM", ReadOnlyError: "READONLY"}
"""What redis-py takes off an error's text."""
Command = list[bytes]
Run = Callable[[Connection, object], Awaitable[object]]


class RefusedError(Exception):
    """The request is no command."""


class RedisRest:
    """The gateway; `accepts_key_locking=False` refuses the flag, as gateways to plain Redis do."""

    def __init__(self, redis_url: str, token: str, *, accepts_key_locking: bool = True) -> None:
        self._pool = ConnectionPool.from_url(redis_url, protocol=2)
        self._token = token
        self._accepts_key_locking = accepts_key_locking
        self._plain: dict[bytes, bytes] = {}  # digests of flagged scripts to those of plain ones

    def app(self) -> Starlette:
        """The ASGI app."""
        return Starlette(
            routes=[
                Route("/", self.single, methods=["POST"]),
                Route("/pipeline", self.pipeline, methods=["POST"]),
                Route("/multi-exec", self.transaction, methods=["POST"]),
            ]
        )

    async def single(self, request: Request) -> Response:
        """One command: `{"result"}`, or `{"error"}` with status 400."""
        return await self._answered(request, self._single)

    async def pipeline(self, request: Request) -> Response:
        """Commands in order, each with its own result or error."""
        return await self._answered(request, self._pipeline)

    async def transaction(self, request: Request) -> Response:
        """Commands in one transaction."""
        return await self._answered(request, self._transaction)

    async def aclose(self) -> None:
        """Close the connections to Redis."""
        await self._pool.disconnect()

    async def _answered(self, request: Request, run: Run) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return JSONResponse({"error": "Unauthorized"}, _UNAUTHORISED)
        encoded = request.headers.get("upstash-encoding") == "base64"
        try:
            asked = json.loads(await request.body())
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            try:
                return JSONResponse(_written(await run(connection, asked), encoded=encoded))
            finally:
                await self._pool.release(connection)
        except (ValueError, RefusedError) as exc:
            return JSONResponse({"error": f"ERR {exc}"}, _BAD_REQUEST)
        except ResponseError as exc:
            return JSONResponse({"error": _text(exc)}, _BAD_REQUEST)
        except (RedisError, OSError) as exc:
            return JSONResponse({"error": f"ERR {type(exc).__name__}"}, _BROKEN)

    async def _single(self, connection: Connection, asked: object) -> object:
        reply = await self._reply(connection, _command(asked))
        if isinstance(reply, ResponseError):
            raise reply
        return {"result": reply}

    async def _pipeline(self, connection: Connection, asked: object) -> object:
        return [_outcome(await self._reply(connection, one)) for one in _commands(asked)]

    async def _transaction(self, connection: Connection, asked: object) -> object:
        commands = _commands(asked)
        await self._reply(connection, [b"MULTI"])
        queued = [await self._reply(connection, command) for command in commands]
        replies = await self._reply(connection, [b"EXEC"])
        wrong = next((reply for reply in queued if isinstance(reply, ResponseError)), replies)
        if isinstance(wrong, ResponseError):
            raise wrong
        assert isinstance(replies, list)
        return [_outcome(reply) for reply in replies]

    async def _reply(self, connection: Connection, command: Command) -> object:
        if self._accepts_key_locking:
            command = self._unflagged(command)
        await connection.send_command(*command)
        try:
            return await connection.read_response()
        except ResponseError as exc:
            return exc

    def _unflagged(self, command: Command) -> Command:
        name = command[0].upper()
        if name == b"EVAL" and command[1].startswith(KEY_LOCKING):
            plain = command[1].removeprefix(KEY_LOCKING)
            self._plain[_sha1(command[1])] = _sha1(plain)
            return [command[0], plain, *command[2:]]
        if name == b"EVALSHA":
            return [command[0], self._plain.get(command[1], command[1]), *command[2:]]
        return command


def _sha1(text: bytes) -> bytes:
    return hashlib.sha1(text, usedforsecurity=False).hexdigest().encode()


def _command(asked: object) -> Command:
    if not isinstance(asked, list) or not asked:
        raise RefusedError("a command is an array of strings and numbers")
    if not all(isinstance(word, str | int | float) for word in asked):
        raise RefusedError("a command's words are strings and numbers")
    return [str(word).encode() for word in asked]


def _commands(asked: object) -> list[Command]:
    if not isinstance(asked, list):
        raise RefusedError("a pipeline is an array of commands")
    return [_command(one) for one in asked]


def _outcome(reply: object) -> dict[str, object]:
    if isinstance(reply, ResponseError):
        return {"error": _text(reply)}
    return {"result": reply}


def _text(error: ResponseError) -> str:
    return f"{_CODES.get(type(error), 'ERR')} {error}"


def _written(reply: object, *, encoded: bool) -> object:
    """A reply as JSON can carry it, its strings in base64 where that was asked for."""
    if isinstance(reply, dict):
        return {name: _written(value, encoded=encoded) for name, value in reply.items()}
    if isinstance(reply, Sequence) and not isinstance(reply, bytes | str):
        return [_written(value, encoded=encoded) for value in reply]
    if isinstance(reply, ResponseError):
        return _text(reply)
    if not isinstance(reply, bytes):
        return reply
    if encoded and reply != b"OK":
        return base64.b64encode(reply).decode()
    return reply.decode("utf-8", "replace")


def main() -> None:
    """Serve what the environment says."""
    gateway = RedisRest(os.environ["REDIS_URL"], os.environ["REDIS_REST_TOKEN"])
    port = int(os.environ.get("PORT", "8079"))
    uvicorn.run(gateway.app(), host="0.0.0.0", port=port, log_level="warning")


if __name__ == "__main__":
    main()
