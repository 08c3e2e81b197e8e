"""For which processor this machine can build.

Packages come as wheels for either; the embedding image runs commands of its processor while it is
built.
"""

import platform
from pathlib import Path

_EMULATOR = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")


def buildable_architecture(
    machine: str | None = None, *, emulates_arm: bool | None = None
) -> tuple[str, str]:
    """Lambda's name of the processor, and why it is that one: arm64 where it can be built."""
    machine = (machine or platform.machine()).lower()
    if machine in {"arm64", "aarch64"}:
        return "arm64", "this machine's own"
    if _EMULATOR.exists() if emulates_arm is None else emulates_arm:
        return "arm64", "emulated here by QEMU; a fifth cheaper to run than x86_64"
    return "x86_64", (
        "this machine's own; arm64 is a fifth cheaper, and needs an arm64 machine or QEMU "
        "(docker run --privileged --rm tonistiigi/binfmt --install arm64)"
    )
