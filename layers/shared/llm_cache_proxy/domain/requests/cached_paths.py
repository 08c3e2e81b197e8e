"""The further endpoints that an operator may have cached, and which of their requests are.

By naming an endpoint, the operator promises that identical requests have identical answers and
leave nothing behind. An endpoint that stores something at the upstream cannot be named.
"""

import re

from llm_cache_proxy.domain.json_text import JsonObject

_PATH = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)+")
IMAGES = "/images/generations"
_NEVER = frozenset(
    {
        *("assistants", "batches", "containers", "conversations", "evals", "files", "fine_tuning"),
        *("organization", "realtime", "threads", "uploads", "vector_stores", "videos"),
        *("cache", "chat", "completions", "embeddings", "models", "responses", "openapi.json"),
    }
)
"""First parts of paths: what the upstream keeps, and what has rules of its own here."""


def listed_paths(text: str | None) -> tuple[str, ...]:
    """The paths in `text`, which are separated by commas, each as it follows /v1."""
    paths = (path.strip().strip("/") for path in (text or "").split(","))
    return tuple(f"/{path}" for path in paths if path)


def uncacheable(path: str) -> bool:
    """Whether the answers of `path` may not be kept, whatever an operator says."""
    return _PATH.fullmatch(path) is None or path.split("/")[1] in _NEVER


def passes(path: str, fields: JsonObject, *, unseeded_images: bool) -> bool:
    """Whether a request to a cached path passes uncached all the same.

    A stream does, and an image without a seed, which is another one each time.
    """
    seed = fields.get("seed")
    is_seeded = isinstance(seed, int) and not isinstance(seed, bool)
    return bool(fields.get("stream")) or (path == IMAGES and not is_seeded and not unseeded_images)
