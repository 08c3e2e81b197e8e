"""Which headers pass between a client and an upstream: two lists, and nothing that is not on them.

Never forwards a client's credentials, cookies or cache headers, and never shows a client what an
upstream says of the operator's account or of its own connection.
"""

from collections.abc import Collection, Iterable, Mapping

from llm_cache_proxy.domain.upstreams.config import ANTHROPIC_VERSION, Kind

USER_AGENT = "llm-cache-proxy"

TO_UPSTREAM = frozenset(
    {
        "accept",
        "anthropic-beta",
        "anthropic-version",
        "content-type",
        "openai-beta",
        # W3C Trace Context: a trace goes on to the upstream. `tracestate` may hold more than ids.
        "traceparent",
        # OpenRouter's attribution of calls to an app.
        "http-referer",
        "x-title",
    }
)
"""What an upstream may need to answer.

`idempotency-key` is not here: tenants share one account, and two of them could choose one key.
`openai-organization` and `openai-project` belong to the client's account, not to ours.
"""

TO_CLIENT = frozenset(
    {
        "content-type",
        "content-disposition",
        "deprecation",
        "openai-model",
        "openai-processing-ms",
        "openai-version",
        "retry-after",
        "retry-after-ms",
        "sunset",
        "x-should-retry",
    }
)

_CHAT = "/chat/completions"
"""At Anthropic, a way in for OpenAI's clients, and their way to show a key."""
_CONTROLS = dict.fromkeys((*range(32), 127), " ")
_RATE_LIMITS = ("x-ratelimit-", "ratelimit-", "anthropic-ratelimit-")
_REQUEST_IDS = frozenset({"x-request-id", "request-id"})


def _credentials(kind: Kind, path: str, api_key: str) -> dict[str, str]:
    """How a key is shown to an upstream of this kind."""
    if not api_key:
        return {}
    if kind is Kind.ANTHROPIC and path != _CHAT:
        return {"x-api-key": api_key}
    return {"authorization": f"Bearer {api_key}"}


def for_upstream(
    client: Mapping[str, str],
    *,
    api_key: str,
    compressed: bool,
    kind: Kind = Kind.OPENAI,
    path: str = "",
    passing: Collection[str] = (),
) -> list[tuple[bytes, bytes]]:
    """The headers to send: the client's that may pass, the credentials, and an accepted encoding.

    `passing` may pass besides those that always may: a client's own account needs them.

    A stream is requested uncompressed: compression would hold events back.
    """
    allowed = TO_UPSTREAM.union(passing)
    given = {name.lower(): value for name, value in client.items()}
    headers = {name: value for name, value in given.items() if name in allowed}
    headers["user-agent"] = USER_AGENT
    headers.setdefault("accept", "*/*")
    headers["accept-encoding"] = "gzip, deflate" if compressed else "identity"
    if kind is Kind.ANTHROPIC:
        headers.setdefault("anthropic-version", ANTHROPIC_VERSION)
    headers |= _credentials(kind, path, api_key)
    return [(name.encode("ascii"), _value(value)) for name, value in headers.items()]


def for_client(
    upstream: Iterable[tuple[bytes, bytes]], *, undecoded: str | None = None
) -> dict[str, str]:
    """The headers to keep of an answer, in lower case; rate limits and request id renamed.

    Values are one character an octet, whatever encoding they were written in, and a space for a
    control character, with which no server would send them. `undecoded` are the
    codings of a body that passes as it came.
    """
    kept: dict[str, str] = {} if undecoded is None else {"content-encoding": undecoded}
    for spelled, octets in upstream:
        name = _client_name(spelled.decode("latin-1").lower())
        value = octets.decode("latin-1").translate(_CONTROLS)
        if name:
            kept[name] = f"{kept[name]}, {value}" if name in kept else value
    return kept


def _client_name(name: str) -> str | None:
    if name in TO_CLIENT:
        return name
    if name in _REQUEST_IDS:
        return "x-upstream-request-id"
    for prefix in _RATE_LIMITS:
        if name.startswith(prefix):
            return f"x-upstream-ratelimit-{name.removeprefix(prefix)}"
    return None


def _value(text: str) -> bytes:
    # Control characters would be refused by the HTTP library, or end the header. A value is one
    # character an octet: one that was sent in UTF-8 leaves as it came.
    return text.translate(_CONTROLS).encode("latin-1", "replace")
