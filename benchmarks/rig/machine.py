"""What was measured on: without it no millisecond means anything."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "starlette",
    "uvicorn",
    "httptools",
    "redis",
    "upstash-redis",
    "httpx",
    "mangum",
    "qdrant-client",
    "qdrant-edge-py",
    "onnxruntime",
    "tokenizers",
)


def described() -> str:
    """Processor, system and versions, in Markdown."""
    versions = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    return (
        f"{os.cpu_count()} × {_processor()}, {_memory_gb():.0f} GB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}.\n"
        f"Versions: {versions}.\n"
    )


def busy() -> float:
    """How many processes wanted a processor during the last minute."""
    return os.getloadavg()[0]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def _memory_gb() -> float:
    pages = os.sysconf("SC_PHYS_PAGES")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e9
