"""The layer for the processor that this machine has not, built without emulating it."""

import subprocess
from pathlib import Path

import pytest
from infra.sam_local.machine import (
    BUILD_IMAGE,
    architecture,
    container_arguments,
    overrides,
    sam_environment,
)
from infra.tools import sam

from samples.stack.template import ROOT
from servers.aws.docker_engine import require_image

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]

MACHINES = {62: "x86_64", 183: "arm64"}
"""e_machine of an ELF header: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html."""


def processor(library: Path) -> str:
    header = library.read_bytes()[:20]
    assert header.startswith(b"\x7fELF"), library
    return MACHINES[int.from_bytes(header[18:20], "little")]


def test_every_library_of_the_layer_is_for_the_other_processor(tmp_path: Path) -> None:
    require_image(f"{BUILD_IMAGE}-{architecture()}")
    chosen, other = {"x86_64": ("mixed", "arm64"), "arm64": ("x86_64", "x86_64")}[architecture()]

    done = subprocess.run(
        [
            *(sam(), "build", "SharedLayer", *container_arguments()),
            *("--build-dir", str(tmp_path / "built"), "--cache-dir", str(tmp_path / "cache")),
            *overrides({"Architecture": chosen}),
        ],
        cwd=ROOT,
        env=sam_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    libraries = list((tmp_path / "built/SharedLayer").rglob("*.so*"))
    assert len(libraries) >= 2
    assert {processor(library) for library in libraries} == {other}
