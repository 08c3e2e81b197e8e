"""The checks, a line each: what is sent, and what has to come back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

Verdict = str | None
"""What is wrong; None where nothing is."""
Judge = Callable[[httpx.Response], Verdict]

OPENAI_ERROR = {"message", "type", "param", "code"}


@dataclass(frozen=True, slots=True)
class Check:
    """One request. `path` follows the stage: `/v1/...`, `/health`."""

    name: str
    method: str
    path: str
    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None  # whose: client, admin, wrong
    judge: Judge = lambda _: None

    @property
    def is_of_a_stranger(self) -> bool:
        """Whether it asks, without a client's key, for what only clients are given."""
        return self.key in (None, "wrong") and self.path.startswith("/v1") and self.status == 401  # noqa: PLR2004 - HTTP

    def verdict(self, response: httpx.Response) -> Verdict:
        """What is wrong with the answer."""
        if response.status_code != self.status:
            return f"status {response.status_code}, not {self.status}{self._shown(response)}"
        if self.status >= 400 and (wrong := is_openai_error(response)):  # noqa: PLR2004 - HTTP
            return wrong
        return self.judge(response)

    def _shown(self, response: httpx.Response) -> str:
        """The body's start; nothing of one that only a key should open: it may hold prompts."""
        if self.status == 401:  # noqa: PLR2004 - HTTP
            return ""
        return ": " + response.text[:160].replace("\n", " ")


def is_openai_error(response: httpx.Response) -> Verdict:
    """Whether an error has the shape that every OpenAI client reads."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return "its error is not in OpenAI's shape"
    if not isinstance(error, dict) or not error.keys() >= OPENAI_ERROR or not error["message"]:
        return "its error is not in OpenAI's shape"
    return None


def has(name: str, value: str | None = None) -> Judge:
    """A header is there, with that value where one is given."""

    def judge(response: httpx.Response) -> Verdict:
        found = response.headers.get(name)
        if found is None or (value is not None and found != value):
            return f"header {name} is {found!r}"
        return None

    return judge


def lacks(name: str) -> Judge:
    """A header is not there."""
    return lambda response: f"header {name} is there" if name in response.headers else None


def says(text: str) -> Judge:
    """The body holds a text."""
    return lambda response: None if text in response.text else f"its body lacks {text!r}"


def hides(text: str) -> Judge:
    """The body does not hold a text."""
    return lambda response: f"its body shows {text!r}" if text in response.text else None


def result(*wanted: str) -> Judge:
    """`x-cache` is one of these."""
    return lambda response: (
        None
        if response.headers.get("x-cache") in wanted
        else f"x-cache is {response.headers.get('x-cache')!r}"
    )


def chat(text: str = "What is never asked?", **fields: object) -> dict[str, object]:
    """A chat completion's body."""
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **fields}


MODEL = "MODEL"
"""Stands for the model of the run."""
WRONG_KEY = "lcp_nobody.0123456789abcdef.0123456789abcdef0123456789abcdef"
_CHAT, _CACHED = "/v1/chat/completions", {"cache-control": "only-if-cached"}
_INPUT, _PROMPT = {"model": "m", "input": "a"}, {"model": "m", "prompt": "a"}
_ALL = {"all": True, "dry_run": True}  # a stack that is open to anybody loses nothing by it
_TWICE = b'{"model": "a", "model": "b", "messages": []}'
_DEEP = b'{"model": "m", "messages": ' + b"[" * 2_000 + b"]" * 2_000 + b"}"

# What clients ask goes out with _CACHED: a stack that is open asks no upstream and stores nothing.
# The first of a stranger's tells whether it is open; the others are left out then, since what has
# no _CACHED, such as a list of files, would be asked of the upstream.
WITHOUT_A_KEY = (
    Check("it is alive", "GET", "/health", 200, judge=has("content-type", "application/json")),
    Check("it says that it is well", "GET", "/health", 200, judge=says("status")),
    Check("chat is for clients", "POST", _CHAT, 401, chat(), _CACHED),
    Check("answers have a request id", "GET", "/v1/models", 401, judge=has("x-request-id")),
    Check("models are for clients", "GET", "/v1/models", 401),
    Check("responses are for clients", "POST", "/v1/responses", 401, _INPUT, _CACHED),
    Check("completions are for clients", "POST", "/v1/completions", 401, _PROMPT, _CACHED),
    Check("embeddings are for clients", "POST", "/v1/embeddings", 401, _INPUT, _CACHED),
    Check("files are for clients", "GET", "/v1/files", 401),
    Check("a wrong key is refused", "POST", _CHAT, 401, chat(), _CACHED, "wrong"),
    Check(
        "a wrong key is not shown", "POST", _CHAT, 401, chat(), _CACHED, "wrong", hides(WRONG_KEY)
    ),
    Check(
        "a refusal is no answer of the cache",
        "POST",
        _CHAT,
        401,
        chat(),
        _CACHED,
        judge=result("REFUSED"),
    ),
    Check("metrics are for operators", "GET", "/metrics", 401),
    Check("statistics are for operators", "GET", "/admin/stats", 401),
    Check("entries are for operators", "GET", "/admin/entries", 401),
    Check("settings are for operators", "GET", "/admin/config", 401),
    Check("keys are for operators", "GET", "/admin/keys", 401),
    Check("clearing is for operators", "POST", "/admin/cache/clear", 401, _ALL),
    Check("exporting is for operators", "POST", "/admin/entries/export", 401, {}),
    Check("a wrong key clears nothing", "POST", "/admin/cache/clear", 401, _ALL, key="wrong"),
    Check("a path that is none", "GET", "/nothing", 404),
    Check("the dashboard's page", "GET", "/dashboard", 200, judge=says("<html")),
    Check(
        "pages of strangers may not read",
        "GET",
        "/health",
        403,
        headers={"origin": "https://stranger.example"},
        judge=lacks("access-control-allow-origin"),
    ),
)

WITH_A_KEY = (
    Check("models are listed", "GET", "/v1/models", 200, key="client", judge=says('"data"')),
    Check("a client is no operator", "GET", "/metrics", 401, key="client"),
    Check("a client clears nothing", "POST", "/admin/cache/clear", 401, _ALL, key="client"),
    Check("what is no JSON", "POST", _CHAT, 400, b"{", key="client"),
    Check("what is no object", "POST", _CHAT, 400, b"[]", key="client"),
    Check("nothing at all", "POST", _CHAT, 400, b"", key="client"),
    Check("a name twice", "POST", _CHAT, 400, _TWICE, key="client"),
    Check("brackets without end", "POST", _CHAT, 400, _DEEP, key="client"),
    Check("no model", "POST", _CHAT, 400, {"messages": []}, key="client"),
    Check("no messages", "POST", _CHAT, 400, {"model": MODEL}, key="client"),
    Check("more than a request may hold", "POST", _CHAT, 413, chat("x" * 5_200_000), key="client"),
    Check("a mode that is none", "POST", _CHAT, 400, chat(), {"x-cache-mode": "often"}, "client"),
    Check("a TTL that is no number", "POST", _CHAT, 400, chat(), {"x-cache-ttl": "soon"}, "client"),
    Check(
        "a threshold that is none", "POST", _CHAT, 400, chat(), {"x-cache-threshold": "9"}, "client"
    ),
    Check(
        "only from the cache, where it is not",
        "POST",
        _CHAT,
        504,
        chat(),
        _CACHED,
        "client",
        result("MISS"),
    ),
    Check("the same as a stream", "POST", _CHAT, 504, chat(stream=True), _CACHED, "client"),
    Check(
        "responses, only from the cache",
        "POST",
        "/v1/responses",
        504,
        {"model": MODEL, "input": "a"},
        _CACHED,
        "client",
    ),
)

FOR_OPERATORS = (
    Check("metrics", "GET", "/metrics", 200, key="admin", judge=says("cache_performance")),
    Check(
        "metrics for Prometheus",
        "GET",
        "/metrics?format=prometheus",
        200,
        key="admin",
        judge=says("llm_cache_requests_total"),
    ),
    Check("statistics", "GET", "/admin/stats", 200, key="admin"),
    Check("the stores are well", "GET", "/admin/health", 200, key="admin"),
    Check(
        "settings without secrets", "GET", "/admin/config", 200, key="admin", judge=says("********")
    ),
    Check("entries are counted", "GET", "/admin/entries/count", 200, key="admin"),
    Check("clearing takes a selector", "POST", "/admin/cache/clear", 400, {}, key="admin"),
)


def that_write(nonce: str) -> tuple[Check, ...]:
    """Some short completions, new with each run."""
    question = chat(f"Reply with the single word ready. ({nonce})")
    spaced = chat(f"reply  with the single word READY. ({nonce})")
    streamed = chat(f"Reply with the single word ready. ({nonce})", stream=True)
    fresh = {"x-bypass-cache": "true"}
    return (
        Check(
            "a first answer",
            "POST",
            _CHAT,
            200,
            question,
            key="client",
            judge=result("MISS", "HIT-SEMANTIC"),
        ),
        Check(
            "the same again",
            "POST",
            _CHAT,
            200,
            question,
            key="client",
            judge=result("HIT-EXACT", "HIT-SEMANTIC"),
        ),
        Check(
            "the same but for case and spaces",
            "POST",
            _CHAT,
            200,
            spaced,
            key="client",
            judge=result("HIT-EXACT", "HIT-SEMANTIC"),
        ),
        Check(
            "the same as a stream", "POST", _CHAT, 200, streamed, key="client", judge=says("[DONE]")
        ),
        Check("past the cache", "POST", _CHAT, 200, question, fresh, "client", result("BYPASS")),
    )


def as_sent(check: Check, model: str) -> bytes | None:
    """The body's bytes, with the run's model."""
    if check.body is None or isinstance(check.body, bytes):
        return check.body
    return json.dumps(check.body).replace(f'"{MODEL}"', json.dumps(model)).encode()
