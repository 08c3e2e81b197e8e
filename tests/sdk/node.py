"""Clients for Node: installed from npm once, and asked by one run of a script."""

import fcntl
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdk.conftest import Stand
from servers.requirements import missing, require_program

Questions = list[dict[str, Any]]


@dataclass(frozen=True)
class Answers:
    """What the SDK made of every question, by the question's name."""

    direct: dict[str, Any]
    miss: dict[str, Any]
    hit: dict[str, Any]


def installed(folder: Path, wanted: Sequence[str]) -> Path:
    """The folder with the wanted packages; where npm cannot have them, the test is left out."""
    npm = require_program("npm")
    require_program("node")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(npm, folder, wanted)
    return folder


def _install(npm: str, folder: Path, wanted: Sequence[str]) -> None:
    marker = folder / "installed.txt"
    if marker.is_file() and marker.read_text() == " ".join(wanted):
        return
    (folder / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        missing(f"needs npm's packages {wanted}: {done.stderr[-500:]}")
    marker.write_text(" ".join(wanted))


@dataclass(frozen=True)
class NodeClient:
    """A script that asks one address every question of a list."""

    script: Path
    packages: Path

    def ask(self, base_url: str, namespace: str, questions: Questions) -> dict[str, Any]:
        """Every question, asked of one address by one run of the script."""
        done = subprocess.run(
            [require_program("node"), str(self.script), base_url, namespace],
            input=json.dumps(questions),
            env={**os.environ, "NODE_PACKAGES": str(self.packages)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers: dict[str, Any] = json.loads(done.stdout)
        return answers


def answered_three_ways(
    client: NodeClient,
    stand: Stand,
    addresses: tuple[str, str],
    namespace: str,
    questions: Questions,
) -> Answers:
    """The upstream's own answers, those of misses, and those of hits, which ask nobody."""
    direct, proxied = addresses
    own = client.ask(direct, "none", questions)
    miss = client.ask(proxied, namespace, questions)
    before = len(stand.upstream.requests)
    hit = client.ask(proxied, namespace, questions)
    assert len(stand.upstream.requests) == before
    return Answers(own, miss, hit)
