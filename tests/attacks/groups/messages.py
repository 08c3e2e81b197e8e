"""Anthropic's Messages API: its keys, its bodies, its streams; errors are in its own shape."""

import json
import socket
import time
from collections.abc import Mapping

from attacks.case import Attack, Group, Request, Story
from attacks.target import UPSTREAM_KEY, Target
from servers.upstream.answers import message_steps
from servers.upstream.scripts import Recorded, stream
from servers.waiting import eventually

_PATH = "/v1/messages"
_BAD = "400 invalid_request_error"
_WRONG = "401 authentication_error"
_LONG_SECONDS = 30
_TURN = '{"role": "user", "content": "Hi"}'


def _asking(text: str, **more: object) -> dict[str, object]:
    return {
        "model": "m",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": text}],
        **more,
    }


def _body(name: str, expected: str, body: bytes | Mapping[str, object], what: str) -> Attack:
    return Attack(f"a message: {name}", expected, Request(_PATH, body, what=f"`{_PATH}`, {what}"))


def _field(name: str, field: str) -> Attack:
    text = f'{{"model": "m", "max_tokens": 9, "messages": [{_TURN}], {field}}}'
    return _body(name, _BAD, text.encode(), f"`{field}`")


def _header(name: str, expected: str, header: str, value: str | None) -> Attack:
    return Attack(f"a message: {name}", expected, Request(_PATH, _asking("Hi"), {header: value}))


def _key(name: str, expected: str, headers: Mapping[str, str | None]) -> Attack:
    request = Request(_PATH, _asking("Whose key?"), headers, keyed=True)
    return Attack(f"a message: {name}", expected, request)


def _changed_key(target: Target) -> str:
    parts = target.keys["acme"].split(".")
    headers = {"x-api-key": ".".join([*parts[:-1], "AAAA"])}
    return str(Request(_PATH, _asking("Hi"), headers, keyed=True).reply(target))


def _upstreams_key(target: Target) -> str:
    headers: dict[str, str | None] = {"x-api-key": "{acme}", "x-cache-mode": "off"}
    Request(_PATH, _asking("Another's account"), headers, keyed=True).reply(target)
    sent = target.upstream.requests[-1].headers
    shown = [sent[name] for name in ("authorization", "x-api-key") if name in sent]
    return "the operator's" if shown == [f"Bearer {UPSTREAM_KEY}"] else str(shown)


def _same_prompt(target: Target) -> str:
    body = _asking("What is the plan of each?")
    seen = [
        Request(_PATH, body, {"x-api-key": f"{{{who}}}"}, keyed=True).reply(target)
        for who in ("acme", "acme", "other")
    ]
    return ", then ".join(reply.headers.get("x-cache", str(reply)) for reply in seen)


def _left_stream(target: Target) -> str:
    text = "A message that is left"
    target.upstream.when(stream(message_steps("word " * 200), pause_seconds=0.05), prompt=text)
    request = Request(_PATH, _asking(text, stream=True))
    with socket.create_connection(("127.0.0.1", target.port(keyed=False))) as client:
        client.sendall(request.encoded(target))
        eventually(lambda: bool(_recorded(target, text)), seconds=_LONG_SECONDS)
        client.recv(1)
    ended = _recorded(target, text)[-1].left.wait(_LONG_SECONDS)
    return "the upstream's call ended" if ended else "the upstream streams on"


def _many_left(target: Target) -> str:
    text = "Messages that are left"
    target.upstream.when(stream(message_steps("word " * 50), pause_seconds=0.05), prompt=text)
    request = Request(_PATH, _asking(text, stream=True), {"x-cache-mode": "off"})
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", target.port(keyed=False))) as client:
            client.sendall(request.encoded(target))
    deadline = time.monotonic() + _LONG_SECONDS
    while time.monotonic() < deadline:
        reply = Request(_PATH, _asking("After those that left")).reply(target)
        if reply.status == 200:
            return "left, then served"
    return "left, then not served"


def _recorded(target: Target, text: str) -> list[Recorded]:
    return [each for each in target.upstream.requests if text.encode() in each.body]


_DEEP = b'{"model": "m", "max_tokens": 9, "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
_BLOCK = {"type": "text", "text": "x"}

GROUP = Group(
    "Anthropic's Messages API",
    [
        _key("no key", _WRONG, {}),
        _key("a key that is none", _WRONG, {"x-api-key": "sk-ant-guess"}),
        _key("a key as a bearer that is none", _WRONG, {"authorization": "Bearer sk-ant-guess"}),
        _key("an empty key", _WRONG, {"x-api-key": ""}),
        _key("the upstream's key", _WRONG, {"x-api-key": UPSTREAM_KEY}),
        _key("the administrator's key", _WRONG, {"x-api-key": "{admin}"}),
        _key("a tenant's key", "200 MISS", {"x-api-key": "{acme}"}),
        Attack(
            "a message: a key with another signature",
            _WRONG,
            Story("a tenant's key in `x-api-key`, its last part changed", _changed_key),
        ),
        Attack(
            "a message: whose key the upstream sees",
            "the operator's",
            Story("a tenant's key as `x-api-key`", _upstreams_key),
        ),
        Attack(
            "a message: one prompt of two tenants",
            "MISS, then HIT-EXACT, then MISS",
            Story("one prompt under the keys of two tenants", _same_prompt),
        ),
        _body("6 MB", "413 request_too_large", b" " * 6_000_000, "6,000,000 spaces"),
        _body("4 MB of text", "200 MISS", _asking("word " * 800_000), "a prompt of 4 MB"),
        _body("2,000 blocks", "200 MISS", _asking("x", system=[_BLOCK] * 2_000), "2,000 blocks"),
        _body("100,000 blocks", _BAD, _asking("x", system=[_BLOCK] * 100_000), "100,000 blocks"),
        _body("arrays 20,000 deep", _BAD, _DEEP, "arrays 20,000 deep"),
        _body("nothing", _BAD, b"", "no body"),
        _body("half an object", _BAD, b'{"model": "m"', "half an object"),
        _body("an array", _BAD, b"[]", "`[]`"),
        _field("a key twice", '"model": "n"'),
        _field("a key twice, deep inside", '"metadata": {"a": [{"b": 1, "b": 2}]}'),
        _field("a key twice, once escaped", '"x": {"a": 1, "\\u0061": 2}'),
        _field("NaN", '"temperature": NaN'),
        _body("no messages", _BAD, {"model": "m", "max_tokens": 9}, "no `messages`"),
        _body("no message", _BAD, _asking("x") | {"messages": []}, "`messages: []`"),
        _body("a model that is a number", _BAD, _asking("x") | {"model": 1}, "`model: 1`"),
        _body(
            "half of a surrogate pair",
            f"200 MISS or {_BAD}",
            json.dumps(_asking("\ud800")).encode(),
            "`\\ud800`",
        ),
        _header("a TTL below zero", _BAD, "x-cache-ttl", "-1"),
        _header("a mode that is none", _BAD, "x-cache-mode", "everything"),
        _header("a namespace above its own", _BAD, "x-cache-namespace", "../other"),
        _header("a threshold that is none", _BAD, "x-cache-threshold", "nan"),
        _header("a page's type", "415 invalid_request_error", "content-type", "text/plain"),
        _header("another origin", "403 permission_error", "origin", "http://evil.example"),
        _header("what is not stored", "504 timeout_error", "cache-control", "only-if-cached"),
        Attack(
            "a message: a count of tokens of nothing",
            _BAD,
            Request(f"{_PATH}/count_tokens", {"model": "m"}),
        ),
        Attack(
            "a message: a client leaves its stream",
            "the upstream's call ended",
            Story(f"a stream of `{_PATH}`, and the end of the connection", _left_stream),
        ),
        Attack(
            "a message: forty clients leave before the first event",
            "left, then served",
            Story(f"40 streams of `{_PATH}`, each left at once", _many_left),
        ),
    ],
)
