"""The headers of requests that the cache obeys, and those of its answers, in OpenAPI's words."""

from typing import Any

from llm_cache_proxy.domain.requests.controls import Mode
from llm_cache_proxy.domain.requests.reasons import Result

_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_FLAG: dict[str, Any] = {"type": "string", "enum": ["true", "false", "1", "0"]}
_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}

_REQUEST: dict[str, tuple[str, dict[str, Any]]] = {
    "x-bypass-cache": ("true: the cache is neither read nor written.", _FLAG),
    "x-cache-mode": (
        (
            "exact: only the identical request matches. semantic: a similar one may match as well. "
            "read-only, write-only: as they say. refresh: the upstream is asked, and its answer "
            "replaces the stored one. off: as x-bypass-cache."
        ),
        {"type": "string", "enum": [mode.value for mode in Mode]},
    ),
    "x-cache-ttl": (
        "TTL of the entry in seconds; 0 stores nothing. Cut to the operator's limit.",
        {"type": "integer", "minimum": 0, "maximum": 999_999_999_999},
    ),
    "x-cache-threshold": (
        "Least cosine similarity of a semantic hit; it can only tighten the operator's.",
        {"type": "string", "pattern": r"^([01]|[01]?\.[0-9]{1,12})$"},
    ),
    "x-cache-namespace": (
        "A part of the cache of its own.",
        {"type": "string", "pattern": f"^{_NAME}$"},
    ),
    "x-cache-tags": (
        "Up to ten names, separated by commas, that the entry can be cleared by.",
        {"type": "string", "pattern": f"^{_NAME}(,{_NAME}){{0,9}}$"},
    ),
    "x-cache-normalize": ("false: case and spacing of prose count.", _FLAG),
    "x-cache-fresh-id": ("true: a hit of a completion has an id and a date of its own.", _FLAG),
    "cache-control": (
        (
            "no-store: nothing is stored. no-cache: nothing is read. max-age=N: nothing older is "
            "served. only-if-cached: a stored answer or a 504."
        ),
        {
            "type": "string",
            "enum": [
                "no-store",
                "no-cache",
                "max-age=60",
                "only-if-cached",
                "no-cache, no-store",
            ],
        },
    ),
}

_ANSWER: dict[str, tuple[str, dict[str, Any]]] = {
    "x-cache": (
        "Where the answer came from.",
        {"type": "string", "enum": [result.value for result in Result]},
    ),
    "x-cache-reason": (
        "Why it came from there; a veto names the guard's rule after a colon.",
        _TEXT,
    ),
    "x-cache-similarity": ("Cosine similarity of a semantic hit.", _TEXT),
    "x-cache-ttl": ("Seconds until the entry expires.", _COUNT),
    "x-cache-entry": ("The entry's name, for feedback and for clearing.", _TEXT),
    "x-cache-items": (
        "Of a batch: how many of its inputs the upstream was not asked for, of how many.",
        {"type": "string", "pattern": r"^\d+/\d+$"},
    ),
    "x-cache-saved-tokens": ("On a hit: tokens that the stored answer cost.", _COUNT),
    "x-cache-saved-dollars": (
        "On a hit: dollars that the stored answer cost, where its price is known.",
        {"type": "string", "pattern": r"^\d+\.\d{9}$"},
    ),
    "age": ("Seconds since the answer was stored.", _COUNT),
    "x-request-id": ("This request's name.", _TEXT),
    "request-id": ("The same, where Anthropic's clients look for it.", _TEXT),
    "server-timing": ("Milliseconds by step: exact, embed, search, upstream.", _TEXT),
    "x-upstream-request-id": ("The upstream's name for it.", _TEXT),
}

PARAMETERS: dict[str, Any] = {
    name: {
        "name": name,
        "in": "header",
        "required": False,
        "description": said,
        "schema": schema,
    }
    for name, (said, schema) in _REQUEST.items()
}
HEADERS: dict[str, Any] = {
    name: {"description": said, "schema": schema} for name, (said, schema) in _ANSWER.items()
}
