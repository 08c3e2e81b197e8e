"""The completions function as Lambda runs it where it streams: its package behind a web adapter.

Lambda's side is `runtime_api`, or Lambda's own emulator, which keeps a streamed answer back until
its end. The package is the function's folder and the layer, under an interpreter that has no other
packages.
"""

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from shlex import quote
from typing import Any

from infra.sam_local.services import free_port
from infra.tools import NotInstalled, web_adapter

from samples.stack.packaged import add_aws_sdk, package_streaming_function
from samples.stack.template import Stack
from servers.aws.lambda_emulator import EmulatedFunction, emulated_program, rest_event
from servers.aws.runtime_api import Invocation, RuntimeApi, runtime_api
from servers.redis.process import redis_process
from servers.requirements import missing

CHAT = "/v1/chat/completions"
_STAND_IN = Path(__file__).with_name("web_adapter.py")
_END_SECONDS = 60.0
_PATIENT = {"EXACT_DEADLINE_SECONDS": "5"}
"""For a machine that is busy."""


@dataclass(frozen=True, slots=True)
class Package:
    """The function's folder, the layer's, and one in which `python` is the bare interpreter."""

    task: Path
    layer: Path
    programs: Path


def package(folder: Path) -> Package:
    """Everything in `folder`, as `sam build` leaves it."""
    task, layer = package_streaming_function(folder)
    return Package(task, layer, _programs(folder))


def unpacked(function: bytes, layer: bytes, folder: Path) -> Package:
    """The package of two zip files, as a deployed function and its layer are downloaded."""
    for content, part in ((function, "task"), (layer, "layer")):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            archive.extractall(folder / part)
    (folder / "task/run.sh").chmod(0o755)
    add_aws_sdk(folder / "layer/python")
    return Package(folder / "task", folder / "layer/python", _programs(folder))


def _programs(folder: Path) -> Path:
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(Path(sys._base_executable).resolve())  # type: ignore[attr-defined]
    return programs


@dataclass(frozen=True, slots=True)
class StreamingFunction:
    """The adapter and the web server behind it, as Lambda starts both."""

    api: RuntimeApi
    adapter: "subprocess.Popen[bytes]"
    server: "subprocess.Popen[bytes]"

    def begin(self, method: str, path: str, body: Any = None) -> Invocation:
        """Send a request as a REST API does; the answer comes by and by."""
        return self.api.invoke(rest_event(method, path, body))

    def ask(self, body: Any) -> Invocation:
        """The whole answer to a chat request."""
        return self.begin("POST", CHAT, body).wait()


def command(kind: str) -> list[str]:
    """The adapter's: AWS's own, built from its crate, or the stand-in."""
    if kind == "stand-in":
        return [sys.executable, str(_STAND_IN)]
    try:
        return [web_adapter()]
    except NotInstalled as exc:
        missing(f"needs {exc}")


@contextmanager
def streaming_function(
    kind: str, packaged: Package, upstream: str, *, stack: Stack | None = None, **more: str
) -> Iterator[StreamingFunction]:
    """It, on a Redis of its own, with the adapter's variables that the template gives."""
    with redis_process() as redis_url:
        given = {**_PATIENT, "REDIS_URL": redis_url, "UPSTREAM_BASE_URL": upstream, **more}
        with behind_adapter(kind, packaged, given, stack=stack) as made:
            yield made


@contextmanager
def behind_adapter(
    kind: str, packaged: Package, settings: Mapping[str, str], *, stack: Stack | None = None
) -> Iterator[StreamingFunction]:
    """The package with these settings behind an adapter of that kind."""
    started = command(kind)
    with runtime_api() as (api, address):
        environment = {
            **_environment(packaged, stack or Stack()),
            **settings,
            "AWS_LWA_PORT": str(free_port("127.0.0.1")),
            "AWS_LAMBDA_RUNTIME_API": address,
        }
        with (
            subprocess.Popen([packaged.task / "run.sh"], env=environment) as server,
            subprocess.Popen(started, env=environment) as adapter,
        ):
            try:
                yield StreamingFunction(api, adapter, server)
            finally:
                for process in (adapter, server):
                    process.terminate()
                    process.wait(_END_SECONDS)


@contextmanager
def under_the_emulator(
    kind: str, packaged: Package, upstream: str, folder: Path
) -> Iterator[EmulatedFunction]:
    """The same under Lambda's own emulator, which starts the server and the adapter as one."""
    bootstrap = folder / "bootstrap"
    adapter = " ".join(map(quote, command(kind)))
    bootstrap.write_text(f"#!/bin/bash\n{quote(str(packaged.task / 'run.sh'))} &\nexec {adapter}\n")
    bootstrap.chmod(0o755)
    with redis_process() as redis_url:
        given = {
            **_environment(packaged, Stack()),
            **_PATIENT,
            "AWS_LWA_PORT": str(free_port("127.0.0.1")),
            "REDIS_URL": redis_url,
            "UPSTREAM_BASE_URL": upstream,
        }
        with emulated_program([str(bootstrap)], packaged.task, given) as made:
            yield made


def _environment(packaged: Package, stack: Stack) -> Mapping[str, str]:
    of_the_template = stack.resources["CompletionsFunction"]["Properties"]["Environment"]
    return {
        "PATH": f"{packaged.programs}:/usr/bin:/bin",
        "LAMBDA_TASK_ROOT": str(packaged.task),
        "LAMBDA_RUNTIME_DIR": str(packaged.layer),  # /opt/python and /var/runtime are Lambda's own
        "AWS_LAMBDA_FUNCTION_NAME": "completions",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_STREAM_NAME": "s",
        "AWS_LAMBDA_LOG_GROUP_NAME": "g",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        **{
            name: value
            for name, value in of_the_template["Variables"].items()
            if name.startswith("AWS_LWA_")
        },
    }
