"""Bodies that are no JSON, or that two parsers would read in two ways."""

import json

from attacks.case import Attack, Group, Request, Story, asking
from attacks.target import Target

_BAD = "400 invalid_json"
_TYPE = "400 invalid_type"
_MISSING = "400 missing_required_parameter"
_USER = '{"role": "user", "content": "Hi"}'


def _body(name: str, expected: str, text: str | bytes) -> Attack:
    return Attack(name, expected, Request(body=text if isinstance(text, bytes) else text.encode()))


def _field(name: str, expected: str, field: str) -> Attack:
    return _body(name, expected, f'{{"model": "m", "messages": [{_USER}], {field}}}')


def _different(name: str, one: str, other: str) -> Attack:
    """Two bodies that must not share an answer."""

    def steps(target: Target) -> str:
        first = Request(body=one.encode()).reply(target)
        second = Request(body=other.encode()).reply(target)
        shared = first.body == second.body
        return "one answer for both" if shared else "each its own"

    return Attack(name, "each its own", Story(f"`{one[:60]}`, then `{other[:60]}`", steps))


def _with(extra: str, content: str = "Which") -> str:
    message = f'{{"role": "user", "content": "{content}"}}'
    return f'{{{extra} "model": "m", "messages": [{message}]}}'


def _with_history(role: str) -> str:
    said = [{"role": role, "content": "A"}, {"role": "user", "content": "B"}]
    return json.dumps({"model": "m", "messages": said})


GROUP = Group(
    "JSON",
    [
        _body("nothing", _BAD, ""),
        _body("half an object", _BAD, '{"model": "m"'),
        _body("two objects", _BAD, '{"model": "m"} {"model": "n"}'),
        _body("an array", _BAD, "[]"),
        _body("a text", _BAD, '"model"'),
        _body("null", _BAD, "null"),
        _body("NaN", _BAD, '{"model": NaN}'),
        _body("infinity", _BAD, '{"model": -Infinity}'),
        _body("a number out of range", _BAD, '{"model": "m", "seed": 1e999}'),
        _body("a comment", _BAD, '{"model": "m" /* x */}'),
        _body("a comma too many", _BAD, '{"model": "m",}'),
        _body("single quotes", _BAD, "{'model': 'm'}"),
        _body("a byte order mark", _BAD, b'\xef\xbb\xbf{"model": "m"}'),
        _body("UTF-16", _BAD, '{"model": "m"}'.encode("utf-16")),
        _body("bytes that are no UTF-8", _BAD, b'{"model": "\xff"}'),
        _body("a surrogate in UTF-8", _BAD, b'{"model": "\xed\xa0\x80"}'),
        _body("an overlong slash", _BAD, b'{"model": "\xc0\xaf"}'),
        _body("a zero byte behind the body", _BAD, b'{"model": "m"}\x00'),
        _body("a control character in a text", _BAD, b'{"model": "a\x01b"}'),
        _body("a key twice", "400 duplicate_key", '{"model": "a", "model": "b"}'),
        _field("a key twice, deep inside", "400 duplicate_key", '"x": {"y": [{"z": 1, "z": 2}]}'),
        _field("a key twice, once escaped", "400 duplicate_key", '"x": {"a": 1, "\\u0061": 2}'),
        _body("no model", _MISSING, f'{{"messages": [{_USER}]}}'),
        _body("no messages", _MISSING, '{"model": "m"}'),
        _body("no message", "400 invalid_request_error", '{"model": "m", "messages": []}'),
        _body("a model that is a number", _TYPE, f'{{"model": 1, "messages": [{_USER}]}}'),
        _body(
            "a model of no letters",
            "400 invalid_request_error",
            f'{{"model": "", "messages": [{_USER}]}}',
        ),
        _body("messages that are a text", _TYPE, '{"model": "m", "messages": "Hi"}'),
        _body("a message that is a text", _TYPE, '{"model": "m", "messages": ["Hi"]}'),
        _field("a stream that is a text", _TYPE, '"stream": "true"'),
        _field("stream options that are a list", _TYPE, '"stream_options": [1]'),
        _field("a temperature that is a text", _TYPE, '"temperature": "0"'),
        _field("a temperature that is true", _TYPE, '"temperature": true'),
        _field("a temperature of 400 digits", "200 MISS", f'"temperature": {"9" * 400}'),
        Attack(
            "half of a surrogate pair in a prompt",
            "200 MISS or 400 invalid_request_error",
            Request(body=b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}'),
        ),
        Attack("a zero in a prompt", "200 MISS", Request(body=asking("a\0b"))),
        Attack(
            "letters that turn the line round",
            "200 MISS",
            Request(body=asking("\u202eabc\u200b"), what="a prompt with U+202E and U+200B"),
        ),
        _different(
            "two numbers that a float merges",
            _with('"seed": 9007199254740992,'),
            _with('"seed": 9007199254740993,'),
        ),
        _different(
            "two decimals that differ in the last digit",
            _with('"x": 0.1,'),
            _with('"x": 0.10000000000000001000001e1,'),
        ),
        _different("true and 1", _with('"x": true,'), _with('"x": 1,')),
        _different("null and nothing but an unknown field", _with('"y": null,'), _with('"y": 0,')),
        _different("a text and a number", _with('"seed": "7",'), _with('"seed": 7,')),
        _different("an array and an object", _with('"z": [],'), _with('"z": {},')),
        _different(
            "a history that says what the prompt says",
            _with_history("system"),
            _with_history("user"),
        ),
        _different(
            "a model's name that holds the prompt",
            _with(""),
            '{"model": "mWhich", "messages": [{"role": "user", "content": ""}]}',
        ),
    ],
)
