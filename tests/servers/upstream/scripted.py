"""An upstream on a real socket that does what a script says, byte by byte, and records requests.

`python -m servers.upstream.scripted --port 9000` serves answers with a counter in them.
"""

import argparse
import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from typing import Self

from servers.upstream.answers import CountingAnswers, prompt_of
from servers.upstream.connection import ScriptedConnection
from servers.upstream.scripts import Maker, Recorded, Script


class ScriptedUpstream:
    """Queued scripts first, in order; then the first rule that fits; else `default`.

    `async with` serves in the running loop, `in_thread()` beside blocking code. `requests` is
    every request in the order of arrival, `connections` how many were opened in all.
    """

    def __init__(self, default: Maker | None = None, *, port: int = 0) -> None:
        self.requests: list[Recorded] = []
        self.connections = 0
        self.port = port
        self._default = default or CountingAnswers()
        self._queued: deque[Script] = deque()
        self._rules: list[tuple[dict[str, str], Script | Maker]] = []
        self._living: set[ScriptedConnection] = set()
        self._server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """Ends in /v1, as OpenAI's."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._living)

    def queue(self, *scripts: Script) -> None:
        """The next requests get these, one each."""
        self._queued.extend(scripts)

    def when(
        self,
        script: Script | Maker,
        *,
        path: str | None = None,
        model: str | None = None,
        prompt: str | None = None,
    ) -> None:
        """Every request with this path ("/chat/completions"), model and last text gets `script`."""
        asked = {"path": path, "model": model, "prompt": prompt}
        self._rules.append(({k: v for k, v in asked.items() if v is not None}, script))

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is None:
            return
        self._server.close()
        living = list(self._living)
        for connection in living:
            connection.reset()
        await asyncio.gather(*(connection.task for connection in living if connection.task))

    @contextlib.contextmanager
    def in_thread(self) -> Iterator[Self]:
        """Serve from a thread of its own while the block runs."""
        ready, loop = threading.Event(), asyncio.new_event_loop()
        done = asyncio.Event()

        async def serve() -> None:
            async with self:
                ready.set()
                await done.wait()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
        thread.start()
        try:
            ready.wait()
            yield self
        finally:
            loop.call_soon_threadsafe(done.set)
            thread.join()
            loop.close()

    def _connection(self) -> ScriptedConnection:
        self.connections += 1
        return ScriptedConnection(self._register, self._choose, self._living)

    def _register(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Recorded:
        path, _, query = target.partition("?")
        request = Recorded(len(self.requests) + 1, method, path, query, headers, body)
        self.requests.append(request)
        return request

    def _choose(self, request: Recorded) -> Script:
        if self._queued:
            return self._queued.popleft()
        traits = {
            "path": request.path.removeprefix("/v1"),
            "model": str(request.fields.get("model")),
            "prompt": prompt_of(request),
        }
        fitting = (script for rule, script in self._rules if rule.items() <= traits.items())
        chosen = next(fitting, self._default)
        return chosen(request) if callable(chosen) else chosen


async def serve(port: int, answers: CountingAnswers) -> None:
    """Serve until cancelled, and say where."""
    async with ScriptedUpstream(answers, port=port) as server:
        print(server.base_url, flush=True)  # noqa: T201 (whoever started it reads the address)
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--first-byte-ms", type=float, default=0.0)
    parser.add_argument("--word-ms", type=float, default=0.0)
    asked = parser.parse_args()
    answers = CountingAnswers(
        first_byte_seconds=asked.first_byte_ms / 1000, word_seconds=asked.word_ms / 1000
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(asked.port, answers))


if __name__ == "__main__":
    main()
