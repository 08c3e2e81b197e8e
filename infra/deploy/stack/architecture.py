"""For which processors this machine can build.

Packages come as wheels for either. The embedding image runs commands of its processor while it is
built, so that one for arm64 takes such a machine, or QEMU.
"""

from pathlib import Path

from infra.sam_local.machine import architecture

_EMULATOR = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
_NEEDED = (
    "an arm64 machine or QEMU (docker run --privileged --rm tonistiigi/binfmt --install arm64)"
)


def buildable_architecture(
    machine: str | None = None, *, emulates_arm: bool | None = None
) -> tuple[str, str]:
    """The template's name of the processors, and why: arm64 wherever that can be built."""
    if architecture(machine) == "arm64":
        return "arm64", "this machine's own"
    if _EMULATOR.exists() if emulates_arm is None else emulates_arm:
        return "arm64", "the embedding image is built under QEMU, which is here"
    return "mixed", f"arm64, but x86_64 for the embedding image: arm64 there needs {_NEEDED}"


def not_buildable(chosen: str, here: str) -> str | None:
    """Why the chosen processors cannot be built where `here` can; None where they can."""
    if chosen == "arm64" != here:
        return (
            f"Architecture=arm64: the embedding image needs {_NEEDED}. Or write mixed in its "
            "place in samconfig.toml: the other functions need neither"
        )
    return None
