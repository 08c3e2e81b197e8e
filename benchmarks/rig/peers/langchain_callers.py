"""LangChain in a process of its own: its caches are libraries, the caller's process pays."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig.peers import install
from benchmarks.rig.peers.install import PeerUnavailable, last_line
from benchmarks.rig.peers.servers import MODEL

COMMUNITY = "langchain-community RedisCache"
EXACT = "langchain-redis RedisCache"
SEMANTIC = "langchain-redis RedisSemanticCache"
NO_CACHE = "none"
_LAYER = Path("layers/shared").absolute()


@dataclass(frozen=True, slots=True)
class CallerCost:
    """What asking some prompts took the calling process."""

    cpu_ms: float
    seconds: float
    resident_mb: float
    answers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Caller:
    """The process."""

    process: "subprocess.Popen[str]"

    def ask(self, prompts: Sequence[str]) -> CallerCost:
        """Ask them one after the other; PeerUnavailable if the process ends."""
        assert self.process.stdin is not None  # noqa: S101 - pipes, as started below
        assert self.process.stdout is not None  # noqa: S101
        assert self.process.stderr is not None  # noqa: S101
        try:
            self.process.stdin.write(json.dumps({"prompts": prompts}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerUnavailable(f"not working: {last_line(self.process.stderr.read())}")
        return CallerCost(**json.loads(line))


@contextmanager
def langchain(cache: str, redis_url: str, base_url: str) -> Iterator[Caller]:
    """A caller with this cache, whose model is at `base_url`."""
    python = install.python_of("langchain")
    script = Path(__file__).with_name("langchain_caller.py").absolute()
    with subprocess.Popen(
        [str(python), "-P", "-W", "ignore", str(script), cache, redis_url, base_url, str(MODEL)],
        env={**os.environ, "PYTHONPATH": str(_LAYER), "LANGSMITH_TRACING": "false"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Caller(process)
        finally:
            process.kill()
