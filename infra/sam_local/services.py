"""What the functions need under `sam local`: a network, Redis, Qdrant, and sam's two servers.

Each is a context manager that leaves nothing running. Containers see one another by name, and
this machine as `host.docker.internal`.
"""
# ruff: noqa: S603, S607 - starts docker and sam, with arguments of its own

import json
import os
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from infra.sam_local.machine import overrides, sam_environment, say
from infra.tools import ROOT, sam

_START_SECONDS = 120
_HOST = "host.docker.internal"
_LOOPBACK = "127.0.0.1"
_PORTS = range(20_000, 32_768)
"""Below those that a system gives away by chance, to whoever asks between here and a server."""


class NotStarted(Exception):
    """A part could not be started; the message says why."""


@contextmanager
def network(name: str) -> Iterator[str]:
    """A Docker network of that name; the address at which this machine is reached from it."""
    _docker("network", "create", name)
    try:
        gateway = _docker(
            "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", name
        ).strip()
        yield gateway if _is_ours(gateway) else _LOOPBACK  # Docker Desktop's is in its VM
    finally:
        _docker("network", "rm", "--force", name)


@contextmanager
def container(image: str, *, name: str, network: str, timeout_seconds: int = 300) -> Iterator[str]:
    """A container of `image` on the network; its name. Raises NotStarted."""
    try:
        _docker(
            "run", "--detach", "--rm", "--name", name, "--network", network, image,
            timeout_seconds=timeout_seconds,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        raise NotStarted(f"{image}: {_reason(str(exc.stderr or exc))}") from exc
    try:
        yield name
    finally:
        _docker("rm", "--force", "--volumes", name)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every `sam local` command here is given.

    `gateway` is this machine's address as containers reach it, `variables` what is put into the
    functions' environments where the template declares it.
    """

    build_dir: Path
    network: str
    gateway: str
    parameters: Mapping[str, str]
    variables: Mapping[str, str]

    @contextmanager
    def command(self, *command: str) -> Iterator[list[str]]:
        """The whole command line, good for as long as the block runs."""
        host = "host-gateway" if self.gateway == _LOOPBACK else self.gateway
        with tempfile.TemporaryDirectory() as scratch:
            environment = Path(scratch, "env.json")
            environment.write_text(json.dumps({"Parameters": dict(self.variables)}))
            yield [
                *(sam(), "local", *command),
                *("--template-file", str(self.build_dir / "template.yaml")),
                *("--docker-network", self.network, "--add-host", f"{_HOST}:{host}"),
                *("--env-vars", str(environment)),
                *overrides(dict(self.parameters)),
            ]


@contextmanager
def sam_server(around: Surroundings, command: str, *, host: str, port: int) -> Iterator[str]:
    """`sam local start-api` or `start-lambda` on the built template; its URL. Raises NotStarted."""
    log = around.build_dir.with_name(f"{around.build_dir.name}-{command}.log")
    options = ("--host", host, "--port", str(port), "--warm-containers", "LAZY")
    with around.command(command, *options) as line, log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            line, cwd=ROOT, env=sam_environment(), stdout=output, stderr=output
        )
        try:
            wait_until_running(process, log)
            yield f"http://{host}:{port}"
        finally:
            process.terminate()  # SIGTERM: on it sam removes its warm containers
            process.wait(timeout=60)


def wait_until_running(process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once sam has said so in its log. Raises NotStarted."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8", errors="replace")
        if "Running on" in text:
            return
        if process.poll() is not None:
            raise NotStarted(text)
        time.sleep(0.1)
    raise NotStarted(f"not ready within {_START_SECONDS} s; see {log}")


def invoke_once(around: Surroundings, function: str, event: object) -> object:
    """`sam local invoke`: one invocation in a container of its own. Raises CalledProcessError."""
    with around.command("invoke", function, "--event", "-") as line:
        done = subprocess.run(
            line,
            cwd=ROOT,
            env=sam_environment(),
            input=json.dumps(event),
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)


def invoke(url: str, function: str, payload: object, *, timeout_seconds: float = 120) -> object:
    """One direct invocation through `start-lambda`."""
    request = Request(  # noqa: S310 - our own server's address
        f"{url}/2015-03-31/functions/{function}/invocations",
        data=json.dumps(payload).encode(),
        headers={"content-type": "application/json"},
    )
    with urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310
        return json.load(answer)


def from_containers(url: str) -> str:
    """`url` as a container reaches it, where it names this machine."""
    return url.replace("//127.0.0.1", f"//{_HOST}").replace("//localhost", f"//{_HOST}")


def free_port(host: str) -> int:
    """A port nobody listens on just now, and nobody is given by chance."""
    for port in random.sample(_PORTS, 100):
        with suppress(OSError), socket.create_server((host, port)):
            return port
    raise NotStarted(f"{host} has no port left between {_PORTS.start} and {_PORTS.stop}")


def answers(url: str) -> bool:
    """Whether GET `url` is answered with 200."""
    try:
        with urlopen(url, timeout=60) as answer:  # noqa: S310 - our own server's address
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP
    except URLError as exc:
        say(f"{url}: {exc}")
        return False


def _reason(output: str) -> str:
    """The line that says it, of what `docker run` says."""
    lines = output.strip().splitlines()
    return next((line for line in lines if "Error response" in line), lines[-1])


def _is_ours(address: str) -> bool:
    try:
        socket.create_server((address, 0)).close()
    except OSError:
        return False
    return True


def _docker(*arguments: str, timeout_seconds: int = 60) -> str:
    return subprocess.run(
        ["docker", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        env=os.environ,
    ).stdout
