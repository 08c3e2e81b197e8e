"""Another model's name in a request body, and not one other character changed.

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
        spans = list(_model_spans(text))
    except (ValueError, RecursionError, IndexError):
        return body
    quoted = json.dumps(model)
    for start, end in reversed(spans):
        text = text[:start] + quoted + text[end:]
    return text.encode("utf-8")


def _model_spans(text: str) -> list[tuple[int, int]]:
    """Where each top-level "model" value starts and ends."""
    spans: list[tuple[int, int]] = []
    position = _after(text, _skip(text, 0), "{")
    while text[position] != "}":
        _after(text, position, '"')
        name, position = _DECODER.raw_decode(text, _skip(text, position))
        start = _skip(text, _after(text, _skip(text, position), ":"))
        _, end = _DECODER.raw_decode(text, start)
        if name == "model":
            spans.append((start, end))
        position = _skip(text, end)
        if text[position] != "}":
            position = _skip(text, _after(text, position, ","))
    return spans


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _after(text: str, position: int, sign: str) -> int:
    position = _skip(text, position)
    if text[position] != sign:
        raise ValueError(f"{sign} expected")
    return position + 1
