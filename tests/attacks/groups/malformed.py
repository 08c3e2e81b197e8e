"""Bytes that are no HTTP, or that two servers could read in two ways."""

from typing import Any

from attacks.case import Attack, Group, Raw

_JSON = b"content-type: application/json\r\n"
_CHAT = b"POST /v1/chat/completions HTTP/1.1\r\n{host}\r\n" + _JSON
_GET = b"GET /health HTTP/1.1\r\n{host}\r\n"
_HIDDEN = b"GET /admin/config HTTP/1.1\r\n{host}\r\n\r\n"
_BODY = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}'
_REFUSED = "400 invalid_http"
_BAD_JSON = "400 invalid_json"


def _raw(name: str, expected: str, sent: str, *pieces: bytes, **more: Any) -> Attack:
    return Attack(name, expected, Raw(sent, pieces, **more))


def _framed(name: str, sent: str, headers: bytes, body: bytes, expected: str = _REFUSED) -> Attack:
    return _raw(name, expected, sent, _CHAT + headers + b"\r\n" + body)


GROUP = Group(
    "Smuggling and malformed HTTP",
    [
        _framed(
            "length and chunks, length first",
            "`content-length: 4` and `transfer-encoding: chunked`",
            b"content-length: 4\r\ntransfer-encoding: chunked\r\n",
            b"0\r\n\r\n" + _HIDDEN,
        ),
        _framed(
            "length and chunks, chunks first",
            "`transfer-encoding: chunked` and `content-length: 400`",
            b"transfer-encoding: chunked\r\ncontent-length: 400\r\n",
            b"0\r\n\r\n" + _HIDDEN,
        ),
        _framed(
            "two lengths that differ",
            "`content-length: 2` and `content-length: 40`",
            b"content-length: 2\r\ncontent-length: 40\r\n",
            b"{}" + _HIDDEN,
        ),
        _framed(
            "two lengths in one header",
            "`content-length: 2, 2`",
            b"content-length: 2, 2\r\n",
            b"{}",
        ),
        _framed("a length with a sign", "`content-length: +2`", b"content-length: +2\r\n", b"{}"),
        _framed("a length below zero", "`content-length: -1`", b"content-length: -1\r\n", b"{}"),
        _framed("a length in hex", "`content-length: 0x2`", b"content-length: 0x2\r\n", b"{}"),
        _framed(
            "a length beyond 64 bits",
            "`content-length: 99999999999999999999`",
            b"content-length: 99999999999999999999\r\n",
            b"{}",
        ),
        _framed("an empty length", "`content-length:`", b"content-length: \r\n", b"{}"),
        _framed(
            "an unknown transfer encoding",
            "`transfer-encoding: xchunked`",
            b"transfer-encoding: xchunked\r\n",
            b"0\r\n\r\n" + _HIDDEN,
            expected="closed or 400 invalid_http",
        ),
        _framed(
            "chunks that are not last",
            "`transfer-encoding: chunked, identity`",
            b"transfer-encoding: chunked, identity\r\n",
            b"0\r\n\r\n" + _HIDDEN,
        ),
        _framed(
            "a transfer encoding with a space before the colon",
            "`transfer-encoding : chunked`",
            b"transfer-encoding : chunked\r\n",
            b"0\r\n\r\n" + _HIDDEN,
        ),
        _framed(
            "a folded header",
            "`transfer-encoding:` and, on a line of its own, ` chunked`",
            b"transfer-encoding:\r\n chunked\r\n",
            b"0\r\n\r\n" + _HIDDEN,
        ),
        _framed(
            "a chunk's size that is no number",
            "a chunk of size `zz`",
            b"transfer-encoding: chunked\r\n",
            b"zz\r\n{}\r\n0\r\n\r\n",
            expected="closed or 400 invalid_http",
        ),
        _framed(
            "a chunk's size below zero",
            "a chunk of size `-1`",
            b"transfer-encoding: chunked\r\n",
            b"-1\r\n{}\r\n0\r\n\r\n",
            expected="closed or 400 invalid_http",
        ),
        _framed(
            "a chunk's size beyond 64 bits",
            "a chunk of size `ffffffffffffffff1`",
            b"transfer-encoding: chunked\r\n",
            b"ffffffffffffffff1\r\n{}\r\n0\r\n\r\n",
            expected="closed or 400 invalid_http",
        ),
        _framed(
            "a chunk longer than its size",
            "a chunk of size 1 that holds 9 bytes",
            b"transfer-encoding: chunked\r\n",
            b"1\r\n{} [] {}\r\n0\r\n\r\n",
            expected="closed or 400 invalid_http",
        ),
        _framed(
            "chunks that end without a carriage return",
            "`0` and two line feeds",
            b"transfer-encoding: chunked\r\n",
            b"2\n{}\n0\n\n" + _HIDDEN,
            expected="closed or 400 invalid_http",
        ),
        _raw(
            "a second request in the body of the first",
            "400 missing_required_parameter or 400 invalid_json",
            "a body of JSON that holds a whole request, and its true length",
            _CHAT + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(_HIDDEN) + _HIDDEN,
        ),
        _raw(
            "a line feed alone ends lines",
            f"{_REFUSED} or 200",
            "`GET /health HTTP/1.1` with line feeds only",
            b"GET /health HTTP/1.1\n{host}\nconnection: close\n\n",
        ),
        _raw(
            "a carriage return within a header",
            _REFUSED,
            "`x: a`, a carriage return, `b`",
            _GET + b"x: a\rb: c\r\n\r\n",
        ),
        _raw("a zero byte in a header", _REFUSED, "`x: a\\0b`", _GET + b"x: a\0b\r\n\r\n"),
        _raw("a zero byte in a header's name", _REFUSED, "`x\\0: a`", _GET + b"x\0: a\r\n\r\n"),
        _raw("a header without a name", _REFUSED, "`: a`", _GET + b": a\r\n\r\n"),
        _raw("a header without a colon", _REFUSED, "`x`", _GET + b"x\r\n\r\n"),
        _raw("a space in a header's name", _REFUSED, "`x y: a`", _GET + b"x y: a\r\n\r\n"),
        _raw(
            "a zero byte in the address",
            f"{_REFUSED} or 404 unknown_url",
            "`GET /health\\0`",
            b"GET /health\0 HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "an address with a space",
            _REFUSED,
            "`GET /health x HTTP/1.1`",
            b"GET /health x HTTP/1.1\r\n{host}\r\n\r\n",
        ),
        _raw(
            "HTTP 0.9",
            f"{_REFUSED} or closed or 421 host_not_allowed",
            "`GET /health` and nothing more",
            b"GET /health\r\n\r\n",
        ),
        _raw(
            "HTTP 1.0 without a host",
            "421 host_not_allowed",
            "`GET /health HTTP/1.0`",
            b"GET /health HTTP/1.0\r\n\r\n",
        ),
        _raw(
            "HTTP 1.1 without a host",
            "421 host_not_allowed or 400 invalid_http",
            "`GET /health HTTP/1.1` without `host`",
            b"GET /health HTTP/1.1\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "two hosts",
            _REFUSED,
            "`host` of the server's, and `host: evil.example`",
            _GET + b"host: evil.example\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "HTTP 9.9",
            _REFUSED,
            "`GET /health HTTP/9.9`",
            b"GET /health HTTP/9.9\r\n{host}\r\n\r\n",
        ),
        _raw(
            "HTTP 2 by surprise",
            f"{_REFUSED} or closed",
            "HTTP/2's opening",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ),
        _raw(
            "an upgrade to HTTP 2",
            "200",
            "`upgrade: h2c`",
            _GET + b"upgrade: h2c\r\nconnection: upgrade\r\nhttp2-settings: AAMAAABk\r\n\r\n",
        ),
        _raw(
            "an upgrade to a socket",
            "200",
            "`upgrade: websocket`",
            _GET
            + b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
            + b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ),
        _raw(
            "TLS on a plain port",
            _REFUSED,
            "the first bytes of TLS",
            b"\x16\x03\x01\x02\x00\r\n\r\n",
        ),
        _raw("noise", _REFUSED, "256 bytes of every value", bytes(range(256)) + b"\r\n\r\n"),
        _raw(
            "an unknown method",
            f"{_REFUSED} or 405 method_not_allowed",
            "`BREW /health`",
            b"BREW /health HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "two hosts that are ours",
            _REFUSED,
            "`host` of the server's twice",
            _GET + b"{host}\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "a proxy's request",
            "421 host_not_allowed",
            "`GET http://evil.example/health`",
            b"GET http://evil.example/health HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "a proxy's request for a rebound name",
            "421 host_not_allowed",
            "`GET` of the server's whole URL, and `host: evil.example`",
            b"GET http://{address}/health HTTP/1.1\r\nhost: evil.example\r\n"
            b"connection: close\r\n\r\n",
        ),
        _raw(
            "a proxy's request for this server",
            "200",
            "`GET` of the server's whole URL",
            b"GET http://{address}/health HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "a proxy's request without a path",
            "421 host_not_allowed or 400 invalid_http",
            "`GET http://evil.example`",
            b"GET http://evil.example HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "a proxy's request in capitals",
            "421 host_not_allowed or 400 invalid_http",
            "`GET HTTP://evil.example/health`",
            b"GET HTTP://evil.example/health HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "a proxy's request with a user",
            "421 host_not_allowed or 400 invalid_http",
            "`GET http://127.0.0.1@evil.example/health`",
            b"GET http://127.0.0.1@evil.example/health HTTP/1.1\r\n{host}\r\n"
            b"connection: close\r\n\r\n",
        ),
        _raw(
            "a tunnel",
            f"{_REFUSED} or 404 unknown_url or 405 method_not_allowed",
            "`CONNECT evil.example:443`",
            b"CONNECT evil.example:443 HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n",
        ),
        _raw(
            "two requests at once",
            "200, then 200",
            "two whole requests in one piece",
            _GET + b"\r\n" + _GET + b"connection: close\r\n\r\n",
        ),
        _raw(
            "fifty requests at once",
            ", then ".join(["200"] * 50),
            "50 whole requests in one piece",
            (_GET + b"\r\n") * 49 + _GET + b"connection: close\r\n\r\n",
        ),
        _raw(
            "a body behind a reading request",
            "200",
            "`GET /health` with a body of JSON",
            _GET + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(_BODY) + _BODY,
        ),
        _raw(
            "a whole request, byte by byte",
            "200",
            "`GET /health`, one byte in a piece",
            *[bytes([byte]) for byte in b"GET /health HTTP/1.1\r\n"],
            b"{host}\r\nconnection: close\r\n\r\n",
            pause_seconds=0.005,
        ),
        _raw(
            "a promise that is never waited for",
            "400 missing_required_parameter or 400 invalid_json",
            "`expect: 100-continue`, and a body at once",
            _CHAT + b"connection: close\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}",
        ),
    ],
)
