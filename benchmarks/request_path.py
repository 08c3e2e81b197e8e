"""How far a reader walks with one request: `make path`, and docs/architecture.md has the figures.

Counts, not times: one request in process, over SQLite and a fake upstream, in every thread. A
function counts each time it is entered (not when a coroutine goes on), where its code lies in the
package; a hop is a function entered in another file than the one before.
"""

import asyncio
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType, FrameType

import httpx

import llm_cache_proxy
from fakes.upstream import FakeUpstream
from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.bootstrap.clients import service
from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.settings import Settings

_PACKAGE = f"{Path(llm_cache_proxy.__file__).parent}/"


@dataclass
class RequestPath:
    """What one request entered."""

    calls: int = 0
    hops: int = 0
    files: dict[str, None] = field(default_factory=dict)
    functions: set[CodeType] = field(default_factory=set)
    _last: str = ""
    _entered: dict[int, FrameType] = field(default_factory=dict)

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Note the call of a function of the package; see `sys.setprofile`."""
        file = _file(frame)
        # The frame is kept, so that a coroutine which goes on is known by its frame's id.
        if event != "call" or file is None or id(frame) in self._entered:
            return
        self._entered[id(frame)] = frame
        self.calls += 1
        self.files[file] = None
        self.functions.add(frame.f_code)
        self.hops += file != self._last
        self._last = file


def _file(frame: FrameType) -> str | None:
    name = frame.f_code.co_filename
    return name.removeprefix(_PACKAGE) if name.startswith(_PACKAGE) else None


class _Switch:
    """Hands the calls of all threads to `path`, while there is one."""

    path: RequestPath | None = None

    def note(self, frame: FrameType, event: str, argument: object) -> None:
        if self.path is not None:
            self.path.note(frame, event, argument)

    @contextmanager
    def on(self) -> Iterator[RequestPath]:
        self.path = path = RequestPath()
        try:
            yield path
        finally:
            self.path = None


async def paths() -> dict[str, RequestPath]:
    """The paths of an exact hit and of a streamed miss; what is used once is warm before."""
    switch, found = _Switch(), {}
    threading.setprofile(switch.note)  # before SQLite's thread begins
    sys.setprofile(switch.note)
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(data_dir=Path(folder), semantic_cache=False)
            serving = service(settings, replace(local_parts(settings), upstream=FakeUpstream()))
            transport = httpx.ASGITransport(create_app(serving))
            async with httpx.AsyncClient(transport=transport, base_url="http://proxy") as client:
                for prompt in ("one", "one"):
                    await _ask(client, prompt, stream=False)
                with switch.on() as found["exact hit"]:
                    await _ask(client, "one", stream=False, result="HIT-EXACT")
                await _ask(client, "two", stream=True)
                with switch.on() as found["streamed miss"]:
                    await _ask(client, "three", stream=True, result="MISS")
            await serving.close()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return found


async def _ask(
    client: httpx.AsyncClient, prompt: str, *, stream: bool, result: str | None = None
) -> None:
    message = {"role": "user", "content": prompt}
    body = {"model": "m", "messages": [message], "stream": stream}
    answer = await client.post("/v1/chat/completions", json=body)
    if result not in (None, answer.headers["x-cache"]):
        raise RuntimeError(f"expected {result}: {answer.status_code} {answer.headers}")


def main() -> int:
    """Print the figures, and with `--files` the files in the order they are entered."""
    print("| request | files | functions | calls | hops between files |\n|---|---|---|---|---|")
    found = asyncio.run(paths())
    for name, path in found.items():
        figures = (len(path.files), len(path.functions), path.calls, path.hops)
        print(f"| {name} | {' | '.join(map(str, figures))} |")
    if "--files" in sys.argv:
        for name, path in found.items():
            print(f"\n{name}:", *path.files, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
