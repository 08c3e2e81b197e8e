"""A `redis-server` that can be killed, stopped and brought back on the port that it had."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from servers.requirements import require_program
from servers.waiting import kept_port

_START_SECONDS = 60.0


class MortalRedis:
    """One server without persistence; `port` stays the same over its lives."""

    def __init__(self) -> None:
        self._program = require_program("redis-server")
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator["MortalRedis"]:
        """Alive at the start of the block, gone at its end."""
        with kept_port() as self.port:
            self.start()
            try:
                yield self
            finally:
                self.kill()

    def start(self) -> None:
        """Accept connections from now on, empty."""
        self._process = subprocess.Popen(
            [self._program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(redis.ConnectionError):
                self.command("PING")
                return
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """No farewell (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Alive to the kernel, which goes on accepting; silent to everybody (SIGSTOP)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where it was stopped."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def command(self, *words: str | int, password: str | None = None) -> object:
        """The server's reply to an operator."""
        with redis.Redis(port=self.port, socket_timeout=30, password=password) as client:
            reply: object = client.execute_command(*words)
            return reply
