"""A child process: started, watched, started again if it dies, and stopped.

Its starter writes a line of JSON to its input, and keeps that open: when the input ends, the
starter is gone, and the process ends too. It reports by a line of its own that it is ready.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from llm_cache_proxy.domain.json_text import JsonObject

_START_SECONDS = 120.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 5.0
_STEADY_SECONDS = 30.0
_READY = "ready"
_log = logging.getLogger(__name__)


class DidNotStart(Exception):
    """The process ended with `status` before it was ready."""

    def __init__(self, status: int) -> None:
        super().__init__(f"it ended with {status} before it was ready")
        self.status = status


class KeptProcess:
    """Runs `python -m module` with `line` on its input and `descriptors` inherited.

    `name` is for the log; `stop_seconds` is how long it may take to end.
    """

    def __init__(
        self,
        name: str,
        module: str,
        line: Mapping[str, object],
        descriptors: Sequence[int],
        *,
        stop_seconds: float,
    ) -> None:
        self._name = name
        self._module = module
        self._line = line
        self._descriptors = descriptors
        self._stop_seconds = stop_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def process_id(self) -> int | None:
        """The id of the process that runs now, or ran last."""
        return None if self._process is None else self._process.pid

    async def start(self) -> JsonObject:
        """Start it; its report once it is ready. Raises `DidNotStart` if it ends before."""
        reported = await self._started()
        self._keeping = asyncio.create_task(self._keep())
        return reported

    async def stop(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        if self._process is not None:
            await self._ended(self._process)

    def kill(self) -> None:
        """End it at once; `stop` returns sooner."""
        if self._process is not None:
            _send(self._process, signal.SIGKILL)

    async def _keep(self) -> None:
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            assert self._process is not None  # noqa: S101 - one was started
            status = await self._process.wait()
            who = (self._name, self._process.pid)
            _log.warning("%s (process %s) ended with %s: it is started again", *who, status)
            if time.monotonic() - began > _STEADY_SECONDS:
                pause_seconds = _FIRST_PAUSE_SECONDS
            is_made = False
            while not is_made:
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
                is_made = await self._made_again()

    async def _made_again(self) -> bool:
        """Start it again; whether there is a process now, be it one that ended at once."""
        try:
            await self._started()
        except DidNotStart:  # it has said why, and is tried again
            return True
        except (OSError, RuntimeError) as exc:  # no descriptor, memory or thread is left
            _log.warning("%s cannot be started now: %s", self._name, exc)
            return False
        return True

    async def _started(self) -> JsonObject:
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as reports:
            try:
                process = self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", self._module),
                    stdin=asyncio.subprocess.PIPE,
                    start_new_session=True,  # an interrupt at the terminal is the starter's alone
                    pass_fds=(writing, *self._descriptors),
                )
            finally:
                os.close(writing)
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            with suppress(OSError):  # it has ended already
                process.stdin.write(json.dumps({**self._line, _READY: writing}).encode() + b"\n")
                await process.stdin.drain()
            try:
                async with asyncio.timeout(_START_SECONDS):
                    line = await _line_of(reports.fileno())
            except TimeoutError:
                line = b""
        if not line:
            await self._ended(process)
            raise DidNotStart(process.returncode or 1)
        found: JsonObject = json.loads(line)
        return found

    async def _ended(self, process: asyncio.subprocess.Process) -> None:
        _send(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(self._stop_seconds):
                await process.wait()
        except TimeoutError:
            _log.warning("%s did not end within %g s", self._name, self._stop_seconds)
            _send(process, signal.SIGKILL)
            await process.wait()


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Signal it, if it runs.

    The process's own methods ask for its status first, and so take it from the loop that waits for
    it: a worker that had ended by itself ended with 255.
    """
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


async def _line_of(descriptor: int) -> bytes:
    """The bytes until a newline; empty if the writer ends before."""
    loop = asyncio.get_running_loop()
    os.set_blocking(descriptor, False)
    readable = asyncio.Event()
    line = b""
    loop.add_reader(descriptor, readable.set)
    try:
        while not line.endswith(b"\n"):
            await readable.wait()
            readable.clear()
            try:
                piece = os.read(descriptor, 65_536)
            except BlockingIOError:
                continue
            if not piece:
                return b""
            line += piece
    finally:
        loop.remove_reader(descriptor)
    return line


# The child's side follows.


def given_line() -> JsonObject:
    """The line that the starter has written."""
    line: JsonObject = json.loads(sys.stdin.buffer.readline())
    return line


def say_ready(given: JsonObject, report: JsonObject) -> None:
    """Report to the starter that this process is ready."""
    descriptor = given[_READY]
    assert isinstance(descriptor, int)  # noqa: S101 - our own line
    with suppress(OSError):  # the starter has gone
        os.write(descriptor, json.dumps(report).encode() + b"\n")
    os.close(descriptor)


def when_orphaned(do: Callable[[], None]) -> None:
    """Call `do` on the running loop once the starter is gone."""
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

    def look() -> None:
        if not os.read(descriptor, 1):
            loop.remove_reader(descriptor)
            do()

    loop.add_reader(descriptor, look)
