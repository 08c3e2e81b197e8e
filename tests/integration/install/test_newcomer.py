"""A newcomer's walk: from an empty environment to a first hit in five commands, each timed.

The commands are those of docs/install.md and README, as they stand. The environment has Python and
curl, a home of its own, and of this checkout its folder, or nothing but the wheel.
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
from infra.sam_local.services import free_port
from infra.tools import ROOT

from samples.extent import DEEP
from servers.interpreters import require_python
from servers.proxy.process import BUSY_MACHINE, MODEL
from servers.requirements import require_program, require_tool
from tour.blocks import blocks

FOLDER = "./llm-cache-proxy"
"""The repository's folder, as the guide has it."""
MOST_SECONDS = {"venv": 120, "install": 600, "serve": 180, "ask": 90, "ask again": 60}
"""What each of the five commands may take; on a quiet machine it is a small part of it."""
QUICKLY = {"PIP_NO_COMPILE": "1"}
"""Only what is imported is compiled, when it is. The guide's figures are of a pip without this, and
without what the walk before has fetched: TEST_EXTENT=deep."""


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
        path = f"{self.home.parent}/bin:/usr/bin:/bin"
        return {**environment, "PATH": path, "HOME": str(self.home), **self.settings}

    def has_python(self, interpreter: str) -> None:
        """This is its python3."""
        found = self.home.parent / "bin"
        found.mkdir()
        (found / "python3").write_text(f'#!/bin/sh\nexec {interpreter} "$@"\n')
        (found / "python3").chmod(0o755)

    def types(self, name: str, command: str) -> str:
        """Run one command, and take its time; what it printed."""
        begun = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.home,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS.get(name, 120),
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


def guide() -> list[str]:
    """The commands of docs/install.md that install and serve."""
    [block] = [
        block.text
        for block in blocks()
        if block.place.startswith("docs/install.md") and FOLDER in block.text
    ]
    return [line.partition("  #")[0].strip() for line in block.splitlines()]


def questions(port: int) -> list[str]:
    """README's two questions, asked of this port."""
    asked = [
        block.text
        for block in blocks()
        if block.place.startswith("README.md") and block.text.startswith("curl")
    ]
    return [text.replace("127.0.0.1:3000", f"127.0.0.1:{port}") for text in asked]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("version", "prepared"),
    [("3.11", True), ("3.13", False)],
    ids=["3.11, the folder, with a model at hand", "3.13, the wheel, with nothing"],
)
def test_five_commands_lead_to_a_first_hit(
    version: str, prepared: bool, wheel: Path, newcomer: Newcomer
) -> None:
    require_program("curl")
    port = free_port("127.0.0.1")
    newcomer.settings |= BUSY_MACHINE | {"PORT": str(port)}  # others use its own
    if not DEEP:
        newcomer.settings |= QUICKLY | {"PIP_CACHE_DIR": str(wheel.parent / "pip")}
    newcomer.has_python(require_python(version))
    make, install, serve = guide()
    ask, ask_again = questions(port)
    if prepared:
        newcomer.settings["MODEL_DIR"] = str(MODEL)
        (newcomer.home / FOLDER).symlink_to(ROOT)
    else:
        install = install.replace(FOLDER, str(wheel))

    newcomer.types("venv", make)
    newcomer.types("install", install)
    newcomer.starts("serve", serve)
    first = newcomer.types("ask", ask)
    second = newcomer.types("ask again", ask_again)

    assert "x-cache: MISS" in first
    assert "x-cache: HIT-SEMANTIC" in second
    print(f"Python {version}: {newcomer.seconds}")  # noqa: T201 - the walk's result
    health = f"venv/bin/llm-cache-proxy admin health --url http://127.0.0.1:{port}"
    assert "ok" in newcomer.types("", health)
    assert project_version() in newcomer.types("", "venv/bin/llm-cache-proxy --version")
    assert not (newcomer.home / ".data").exists()
    assert not (newcomer.home / ".model").exists()
