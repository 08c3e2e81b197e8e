"""For which processors this machine can build.

Packages come as wheels for either. The embedding image runs commands of its processor while it is
built, so that one for the other processor takes a machine of that kind, or QEMU.
"""

import platform
from pathlib import Path

from infra.sam_local.machine import architecture

_EMULATORS = {
    "arm64": Path("/proc/sys/fs/binfmt_misc/qemu-aarch64"),
    "x86_64": Path("/proc/sys/fs/binfmt_misc/qemu-x86_64"),
}
_NEEDED = {
    "arm64": "an arm64 machine or QEMU (docker run --privileged --rm tonistiigi/binfmt "
    "--install arm64)",
    "x86_64": "an x86_64 machine or QEMU (docker run --privileged --rm tonistiigi/binfmt "
    "--install amd64)",
}


def buildable_architecture(
    machine: str | None = None, *, emulates: bool | None = None
) -> tuple[str, str]:
    """The template's name of the processors, and why: arm64 wherever that can be built."""
    if architecture(machine) == "arm64":
        return "arm64", "this machine's own"
    if _runs("arm64", machine, emulates=emulates):
        return "arm64", "the embedding image is built under QEMU, which is here"
    needed = _NEEDED["arm64"]
    return "mixed", f"arm64, but x86_64 for the embedding image: arm64 there needs {needed}"


def not_buildable(
    chosen: str, machine: str | None = None, *, emulates: bool | None = None
) -> str | None:
    """Why the chosen processors cannot be built for on this machine; None where they can.

    `mixed` and `x86_64` both take an embedding image of x86_64. `emulates` says whether QEMU for
    the other processor is here; None looks for it.
    """
    of_image = "arm64" if chosen == "arm64" else "x86_64"
    if _runs(of_image, machine, emulates=emulates):
        return None
    instead = "mixed" if of_image == "arm64" else "arm64"
    return (
        f"Architecture={chosen}: the embedding image needs {_NEEDED[of_image]}. Or write {instead} "
        "in its place in samconfig.toml, which this machine can build"
    )


def _runs(processor: str, machine: str | None, *, emulates: bool | None) -> bool:
    """Whether commands of the processor run on the machine, under QEMU if need be."""
    if architecture(machine) == processor:
        return True
    if emulates is not None:
        return emulates
    # Docker Desktop on a Mac has QEMU for both, in a machine of its own that nothing here shows.
    return platform.system() == "Darwin" or _EMULATORS[processor].exists()
