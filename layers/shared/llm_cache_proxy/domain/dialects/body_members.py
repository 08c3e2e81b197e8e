"""One member of a request body changed, and not one other character.

Never parses numbers: a big integer or `1e0` leaves as it came.
"""

import json
import re

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)
_SPACE = re.compile(r"[ \t\n\r]*")


def with_model(body: bytes, model: str) -> bytes:
    """`body` with its top-level "model" replaced; as it is where it is no JSON object with one."""
    try:
        text = body.decode("utf-8")
        return _replaced(text, _spans(text, "model"), json.dumps(model)).encode("utf-8")
    except (ValueError, RecursionError, IndexError):
        return body


def with_member(text: str, name: str, value: object) -> str:
    """The JSON object `text` with `name` set to `value`: in its place, or first where it has none.

    Raises ValueError where `text` is no JSON object.
    """
    written = json.dumps(value, separators=(",", ":"))
    try:
        spans = _spans(text, name)
        if spans:
            return _replaced(text, spans, written)
        start = _after(text, 0, "{")
        comma = "" if text[_skip(text, start)] == "}" else ","
    except (IndexError, RecursionError) as exc:
        raise ValueError("no JSON object") from exc
    return f"{text[:start]}{json.dumps(name)}:{written}{comma}{text[start:]}"


def _replaced(text: str, spans: list[tuple[int, int]], written: str) -> str:
    for start, end in reversed(spans):
        text = text[:start] + written + text[end:]
    return text


def _spans(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where each top-level value under `wanted` starts and ends."""
    spans: list[tuple[int, int]] = []
    position = _after(text, _skip(text, 0), "{")
    while text[position := _skip(text, position)] != "}":
        _after(text, position, '"')
        name, position = _DECODER.raw_decode(text, position)
        start = _skip(text, _after(text, position, ":"))
        _, end = _DECODER.raw_decode(text, start)
        if name == wanted:
            spans.append((start, end))
        position = _skip(text, end)
        if text[position] != "}":
            position = _after(text, position, ",")
    return spans


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _after(text: str, position: int, sign: str) -> int:
    position = _skip(text, position)
    if text[position] != sign:
        raise ValueError(f"{sign} expected")
    return position + 1
