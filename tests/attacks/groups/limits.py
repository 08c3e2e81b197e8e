"""Heads and bodies that are larger, deeper or slower than anybody needs."""

import json

from attacks.case import CHAT, Attack, Group, Raw, Request, asking
from attacks.target import HEADER_SECONDS

_TOO_LARGE_HEAD = "431 headers_too_large"
_GET = b"GET /health HTTP/1.1\r\n{host}\r\n"
_JSON = b"content-type: application/json\r\n"
_CHAT = b"POST /v1/chat/completions HTTP/1.1\r\n{host}\r\n" + _JSON
_MEGABYTE = 1_000_000


def _values(count: int) -> bytes:
    fields = asking("Hi") | {"x": [{"a": 1}] * count}
    return json.dumps(fields).encode()


GROUP = Group(
    "Heads, bodies and limits",
    [
        Attack(
            "one header of 80 KB",
            _TOO_LARGE_HEAD,
            Raw("`x:` and 80,000 letters", [_GET + b"x: " + b"a" * 80_000 + b"\r\n\r\n"]),
        ),
        Attack(
            "twenty thousand headers",
            _TOO_LARGE_HEAD,
            Raw("`x: y` 20,000 times", [_GET + b"x: y\r\n" * 20_000 + b"\r\n"]),
        ),
        Attack(
            "an address of 80 KB",
            _TOO_LARGE_HEAD,
            Raw("`GET /aaa...`", [b"GET /" + b"a" * 80_000 + b" HTTP/1.1\r\n{host}\r\n\r\n"]),
        ),
        Attack(
            "a query of 80 KB",
            _TOO_LARGE_HEAD,
            Raw("`GET /health?aaa...`", [b"GET /health?" + b"a" * 80_000 + b" HTTP/1.1\r\n\r\n"]),
        ),
        Attack(
            "a method of 80 KB",
            f"{_TOO_LARGE_HEAD} or 400 invalid_http",
            Raw("80,000 letters", [b"A" * 80_000]),
        ),
        Attack(
            "an endless head",
            f"{_TOO_LARGE_HEAD} or closed",
            Raw("`x: aaa...` 800 times, 48 MB", [_GET, *[b"x: " + b"a" * 60_000 + b"\r\n"] * 800]),
        ),
        Attack(
            "endless trailers",
            "closed or 400 invalid_http or 400 invalid_json",
            Raw(
                "a body in chunks, and `x: y` 20,000 times behind it",
                [
                    _CHAT + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n",
                    *[b"x: y\r\n"] * 20_000,
                ],
            ),
        ),
        Attack(
            "a chunk with an endless extension",
            f"closed or 400 invalid_http or {_TOO_LARGE_HEAD} or 413 request_too_large "
            "or no answer",
            Raw(
                "a chunk's size, `;` and 8 MB of letters",
                [_CHAT + b"transfer-encoding: chunked\r\n\r\n1;", *[b"a" * 65_536] * 128],
                longest_seconds=3,
            ),
        ),
        Attack(
            "a head that never ends",
            "408 request_timeout",
            Raw("half a head, and silence", [_GET], longest_seconds=HEADER_SECONDS * 15),
        ),
        Attack(
            "a connection that says nothing",
            "closed",
            Raw("nothing", [], longest_seconds=HEADER_SECONDS * 15),
        ),
        Attack(
            "a head that trickles",
            "408 request_timeout",
            Raw("a letter of a header every 0.1 s", [_GET + b"x: ", *[b"a"] * 60], 0.1),
        ),
        Attack(
            "a length of 6 MB",
            "413 request_too_large",
            Raw(
                "`content-length: 6000000`, and no body",
                [_CHAT + b"content-length: 6000000\r\n\r\n"],
            ),
        ),
        Attack(
            "6 MB in chunks that say no length",
            "413 request_too_large",
            Raw(
                "a body of 6 MB in chunks",
                [
                    _CHAT + b"transfer-encoding: chunked\r\n\r\n",
                    *[b"10000\r\n" + b" " * 65_536 + b"\r\n"] * 92,
                ],
            ),
        ),
        Attack(
            "a body that is cut",
            "closed",
            Raw(
                "half of a body, and the connection's end",
                [_CHAT + b'content-length: 100\r\n\r\n{"model"'],
                ends=True,
            ),
        ),
        Attack(
            "4 MB of text",
            "200 MISS",
            Request(body=asking("word " * 800_000), what="a prompt of 4 MB"),
        ),
        Attack(
            "4 MB of one word",
            "200 MISS",
            Request(body=asking("a" * 4_000_000), what="a prompt of 4,000,000 letters"),
        ),
        Attack(
            "4 MB of spaces",
            "400 invalid_json",
            Request(body=b" " * 4 * _MEGABYTE, what="a body of 4,000,000 spaces"),
        ),
        Attack(
            "330,000 keys",
            "400 too_many_values",
            Request(
                body=json.dumps({f"k{n}": 1 for n in range(330_000)}).encode(),
                what="an object of 330,000 keys",
            ),
        ),
        Attack(
            "40,000 objects",
            "400 too_many_values",
            Request(body=_values(40_000), what="40,000 objects"),
        ),
        Attack("10,000 objects", "200 MISS", Request(body=_values(10_000), what="10,000 objects")),
        Attack(
            "300,000 decimals",
            "400 too_many_values",
            Request(
                body=b'{"model": "m", "messages": [' + b"1.000001e1," * 300_000 + b"1]}",
                what="300,000 decimals",
            ),
        ),
        Attack(
            "a number of a million digits",
            "400 invalid_json",
            Request(
                body=b'{"model": "m", "seed": ' + b"9" * _MEGABYTE + b"}", what="1,000,000 digits"
            ),
        ),
        Attack(
            "a decimal of a million digits",
            "400 invalid_json or 400 missing_required_parameter",
            Request(
                body=b'{"model": "m", "seed": 0.' + b"9" * _MEGABYTE + b"}",
                what="a decimal of 1,000,000 digits",
            ),
        ),
        Attack(
            "arrays 20,000 deep",
            "400 invalid_json",
            Request(
                body=b'{"model": "m", "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
                what="arrays 20,000 deep",
            ),
        ),
        Attack(
            "objects 10,000 deep",
            "400 invalid_json",
            Request(body=b'{"a":' * 10_000 + b"1" + b"}" * 10_000, what="objects 10,000 deep"),
        ),
        Attack(
            "a thousand messages",
            "200 MISS",
            Request(
                body={"model": "m", "messages": [{"role": "user", "content": "x"}] * 1_000},
                what="1,000 messages",
            ),
        ),
        Attack(
            "a compressed body",
            "400 unsupported_content_encoding",
            Request(CHAT, b"\x1f\x8b\x08\x00", {"content-encoding": "gzip"}),
        ),
        Attack(
            "a body in an encoding of two",
            "400 unsupported_content_encoding",
            Request(CHAT, b"{}", {"content-encoding": "identity, gzip"}),
        ),
    ],
)
