"""Requests that no careful client would send: a valid one, changed at random a few times."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

Rng = random.Random

_USER = {"role": "user", "content": "What is Rust?"}
_CHAT = {"model": "m", "messages": [{"role": "system", "content": "Be brief."}, _USER]}
_IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
_TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@dataclass(frozen=True)
class Sent:
    """One HTTP request as it reaches the app."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def _post(path: str, fields: dict[str, Any], **headers: str) -> Sent:
    named = {"content-type": "application/json", "authorization": "Bearer any", **headers}
    listed = tuple((k.replace("_", "-").encode(), v.encode()) for k, v in named.items())
    return Sent("POST", path, b"", listed, json.dumps(fields).encode())


VALID = (
    _post("/v1/chat/completions", _CHAT),
    _post("/v1/chat/completions", {**_CHAT, "stream": True, "temperature": 0.3, "n": 2}),
    _post("/v1/chat/completions", {**_CHAT, "stream_options": {"include_usage": True}}),
    _post(
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": [_IMAGE]}], "tools": [_TOOL]},
        x_cache_ttl="60",
        x_cache_threshold="0.95",
        x_cache_mode="exact",
        x_cache_namespace="a",
        x_cache_tags="b,c",
        cache_control="max-age=5",
    ),
    _post("/v1/responses", {"model": "m", "input": "What is Rust?"}),
    _post("/v1/responses", {"model": "m", "input": [_USER], "stream": True}),
    _post("/v1/completions", {"model": "m", "prompt": "Once upon a time"}),
    _post("/v1/embeddings", {"model": "all-MiniLM-L6-v2", "input": ["a", "b"]}),
    _post("/v1/embeddings", {"model": "m", "input": ["a", "b"], "encoding_format": "base64"}),
    _post("/v1/other/place", {"model": "m"}),
    _post("/admin/cache/clear", {"namespace": "a", "dry_run": True}),
    _post("/admin/explain", {"prompt": "What is Rust?", "model": "m"}),
    Sent("GET", "/v1/models", b"", (), b""),
    Sent("GET", "/metrics", b"format=prometheus", ((b"accept", b"text/plain"),), b""),
    Sent("GET", "/admin/stats", b"tenant=default", (), b""),
)

_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, 10**400, 0.1, "", " ", "x" * 5_000, "\ud800", "\x00", "İ", "ﬀ",
    "\u202e\u200b", [], {}, [[[[[]]]]], {"": {"": None}}, [None] * 50, {"type": "text"},
    {"role": "user"}, [{"role": "user", "content": None}], "2024-01-01", "NaN", 2**63, -(2**63) - 1,
)  # fmt: skip
_TOKENS = (
    b"NaN", b"Infinity", b"-", b"1e999", b"1e-999", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u0000", b"\\ud800", b"\n", b"\x00",
    b'"model":"x",', b'"messages":1,', b"9" * 400, b"[" * 2_000, b'{"a":' * 2_000, b"//", b"null",
)  # fmt: skip
_HEADERS = (
    b"x-cache-ttl", b"x-cache-threshold", b"x-cache-mode", b"x-cache-namespace", b"x-cache-tags",
    b"x-bypass-cache", b"x-cache-normalize", b"cache-control", b"content-type", b"content-length",
    b"content-encoding", b"accept", b"authorization", b"x-admin-key", b"cookie", b"expect", b"x",
    b"host", b"origin", b"sec-fetch-site",
)  # fmt: skip
_VALUES = (
    b"", b" ", b"-1", b"0", b"1", b"true", b"maybe", b"1e9", b"9" * 40, b"\xff\xfe", b"a,b,,c",
    b"no-store", b"no-cache", b"only-if-cached", b"max-age=x", b"max-age=-1", b"gzip", b"off",
    b"Bearer ", b"Bearer lcp_a.b.c", b"x" * 9_000, b"../../etc", b"%00", b"text/html", b"0.99999",
    b"evil.example:3000", b"[::1]:99999", b"http://[::1", b"null", b"cross-site", b"http://127.0.0.1",
)  # fmt: skip
_PATHS = (
    "/", "//", "/v1", "/v1/", "/v1//chat/completions", "/v1/../admin/stats", "/v1/models/",
    "/v1/chat/completions/", "/v1/files/%2e%2e/x", "/v1/\u00e9", "/admin", "/admin/nothing",
    "/dashboard", "/dashboard/nothing.js", "/health", "/v1/responses/a/cancel", "/v1/" + "a" * 999,
)  # fmt: skip
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")
_QUERIES = (b"", b"format=xml", b"tenant=%ff", b"a=1&a=2&&=", b"%", b"limit=-1", b"x" * 4_000)


def mutated(rng: Rng) -> Sent:
    """A valid request after one to four changes."""
    sent = rng.choice(VALID)
    for _ in range(rng.randint(1, 4)):
        sent = rng.choice(_CHANGES)(rng, sent)
    return sent


def _other_value(rng: Rng, sent: Sent) -> Sent:
    """One place of the body's tree holds something else."""
    try:
        tree = json.loads(sent.body)
    except (ValueError, RecursionError):
        return sent
    places = list(_places(tree))
    if not places:
        return sent
    holder, name = rng.choice(places)
    if rng.random() < 0.2 and isinstance(holder, dict):
        del holder[name]
    else:
        holder[name] = rng.choice(_STRANGE)
    return replace(sent, body=json.dumps(tree).encode())


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    left = [tree] if isinstance(tree, dict | list) else []
    while left:
        node = left.pop()
        names = node.keys() if isinstance(node, dict) else range(len(node))
        for name in names:
            found.append((node, name))
            if isinstance(node[name], dict | list):
                left.append(node[name])
    return found


def _other_bytes(rng: Rng, sent: Sent) -> Sent:
    """A piece of the body is cut out, doubled or replaced."""
    at = rng.randint(0, len(sent.body))
    end = min(len(sent.body), at + rng.choice((0, 1, 2, 20)))
    piece = rng.choice((b"", sent.body[at:end] * 2, rng.choice(_TOKENS), rng.randbytes(3)))
    return replace(sent, body=sent.body[:at] + piece + sent.body[end:])


def _other_header(rng: Rng, sent: Sent) -> Sent:
    return replace(sent, headers=(*sent.headers, (rng.choice(_HEADERS), rng.choice(_VALUES))))


def _other_path(rng: Rng, sent: Sent) -> Sent:
    return replace(sent, path=rng.choice(_PATHS))


def _other_method(rng: Rng, sent: Sent) -> Sent:
    return replace(sent, method=rng.choice(_METHODS))


def _other_query(rng: Rng, sent: Sent) -> Sent:
    return replace(sent, query=rng.choice(_QUERIES))


_CHANGES: tuple[Callable[[Rng, Sent], Sent], ...] = (
    *(_other_value,) * 6, *(_other_bytes,) * 4, *(_other_header,) * 4, _other_path, _other_method,
    _other_query,
)  # fmt: skip
