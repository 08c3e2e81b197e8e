"""A newcomer's walk: from an empty environment to a first hit in five commands, each timed.

The environment has Python and curl, a home of its own, and nothing of this checkout but the wheel.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from infra import release
from infra.release import project_version

from servers.interpreters import require_python
from servers.proxy.process import MODEL
from servers.requirements import require_program, require_tool
from servers.waiting import free_port

ASK = (
    "curl -si http://127.0.0.1:{port}/v1/chat/completions -H 'content-type: application/json' -d "
    '\'{{"model": "llama-3.1-8b-instant", "messages": '
    '[{{"role": "user", "content": "What is Rust?"}}]}}\''
)
MOST_SECONDS = {"venv": 120, "install": 400, "serve": 180, "ask": 30, "ask again": 5}
"""What each of the five commands may take; on a quiet machine it is a small part of it."""


@dataclass
class Newcomer:
    """A shell in an empty home."""

    home: Path
    settings: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    ends: ExitStack = field(default_factory=ExitStack)

    def environment(self) -> dict[str, str]:
        kept = ("PIP_", "SSL_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy", "LANG")
        environment = {name: each for name, each in os.environ.items() if name.startswith(kept)}
        return {**environment, "PATH": "/usr/bin:/bin", "HOME": str(self.home), **self.settings}

    def types(self, name: str, command: str) -> str:
        """Run one command, and take its time; what it printed."""
        begun = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.home,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS.get(name, 60),
            check=False,
        )
        self.seconds[name] = round(time.monotonic() - begun, 2)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def starts(self, name: str, command: str) -> None:
        """Start a server, and take the time until it says that it serves."""
        begun = time.monotonic()
        log = self.home.parent / "server.log"
        process = self.ends.enter_context(
            subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.home,
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=self.ends.enter_context(log.open("w")),
                text=True,
            )
        )
        self.ends.callback(process.terminate)
        assert process.stdout is not None
        first = process.stdout.readline()
        self.seconds[name] = round(time.monotonic() - begun, 2)
        assert "LLM Cache Proxy serves" in first, log.read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_tool("uv")
    folder = tmp_path_factory.mktemp("wheel")
    release.build(folder)
    return next(folder.glob("dist/*.whl"))


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    home = tmp_path / "home"
    home.mkdir()
    someone = Newcomer(home, {})
    with someone.ends:
        yield someone


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("version", "prepared"),
    [("3.11", True), ("3.13", False)],
    ids=["3.11, with a model at hand", "3.13, with nothing"],
)
def test_five_commands_lead_to_a_first_hit(
    version: str, prepared: bool, wheel: Path, newcomer: Newcomer
) -> None:
    require_program("curl")
    port = free_port()
    if prepared:
        newcomer.settings["MODEL_DIR"] = str(MODEL)

    newcomer.types("venv", f"{require_python(version)} -m venv venv")
    newcomer.types("install", f"venv/bin/pip install --quiet {wheel}")
    newcomer.starts("serve", f"venv/bin/llm-cache-proxy serve --port {port}")
    first = newcomer.types("ask", ASK.format(port=port))
    second = newcomer.types("ask again", ASK.format(port=port))

    assert "x-cache: MISS" in first
    assert "x-cache: HIT-EXACT" in second
    print(f"Python {version}: {newcomer.seconds}")  # noqa: T201 - the walk's result
    health = f"venv/bin/llm-cache-proxy admin health --url http://127.0.0.1:{port}"
    assert "ok" in newcomer.types("", health)
    assert project_version() in newcomer.types("", "venv/bin/llm-cache-proxy --version")
    assert not (newcomer.home / ".data").exists()
    assert not (newcomer.home / ".model").exists()
