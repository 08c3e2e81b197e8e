"""Reads logs of requests to language models, whatever wrote them.

Known are JSON lines and JSON arrays of: `{"prompt"}` or `{"messages"}`, with `"model"` and
`"answer"` where they are there; `{"request", "response"}`; an OpenAI batch file (`"body"`);
LiteLLM's spend log (`"messages"`, `"response"`, `"spend"`); Langfuse's export (`"input"`,
`"output"`).
A line that is none of these is counted and left out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import click

from llm_cache_proxy.domain.json_text import JsonObject

_TIMES = ("startTime", "start_time", "created_at", "timestamp", "time")
_UNKNOWN_MODEL = "unknown"


class UnusableLog(click.ClickException):
    """A file that holds no request; exits with 2."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request of a log: a chat completion's body, and what is known of its answer.

    `at` is its time in Unix seconds. None is what the log does not say.
    """

    fields: JsonObject
    answer: str | None = None
    tokens: tuple[int, int] | None = None
    dollars: float | None = None
    at: float | None = None


def read_log(path: Path) -> tuple[list[LoggedRequest], int]:
    """The requests in the order of their times, and how many lines were none."""
    found: list[LoggedRequest] = []
    left_out = 0
    for row in _rows(path):
        request = _request(row)
        if request is None:
            left_out += 1
        else:
            found.append(request)
    if not found:
        raise UnusableLog(f"{path}: there is no request in it that this command can read.")
    if all(request.at is not None for request in found):
        found.sort(key=lambda request: request.at or 0.0)
    return found, left_out


def _rows(path: Path) -> Iterator[object]:
    """Each line's or element's value; None for a line that is no JSON."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as exc:
        raise UnusableLog(f"{path}: {exc}") from exc
    if text.lstrip().startswith("["):
        yield from cast("list[object]", _parsed(text) or [])
        return
    for line in text.splitlines():
        if line.strip():
            yield _parsed(line)


def _parsed(text: str) -> object:
    try:
        return cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return None


def _request(row: object) -> LoggedRequest | None:
    if not isinstance(row, dict):
        return None
    body = _body(row)
    if body is None:
        return None
    response = _nested(row.get("response") or row.get("output") or row.get("answer"))
    return LoggedRequest(
        fields=body,
        answer=_answer(response),
        tokens=_tokens(row, response),
        dollars=_dollars(row),
        at=_time(row),
    )


def _body(row: JsonObject) -> JsonObject | None:
    """The chat completion that the row stands for."""
    given = next((row[name] for name in ("request", "body", "input") if row.get(name)), None)
    given = _nested(given)
    fields = dict(given) if isinstance(given, dict) else {}
    messages = _nested(fields.get("messages") or row.get("messages"))
    if isinstance(given, list):
        messages = given
    if not messages:
        prompt = given if isinstance(given, str) else row.get("prompt")
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else None
    if not _are_messages(messages):
        return None
    fields.pop("prompt", None)
    parameters = _nested(row.get("modelParameters") or row.get("model_parameters"))
    given = parameters if isinstance(parameters, dict) else {}
    model = fields.get("model") or row.get("model") or _UNKNOWN_MODEL
    return {**_numbers(given), **fields, "model": str(model), "messages": messages}


def _numbers(parameters: JsonObject) -> JsonObject:
    """Langfuse writes parameters as text."""
    kept: JsonObject = {}
    for name, value in parameters.items():
        number = _parsed(value) if isinstance(value, str) else value
        if isinstance(number, int | float):
            kept[name] = number
    return kept


def _are_messages(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and "role" in each for each in value)
    )


def _nested(value: object) -> object:
    """What a field holds, also where it holds JSON as text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        found = _parsed(value)
        return value if found is None else found
    return value


def _answer(response: object) -> str | None:
    """The text of an answer: a completion, a message, or the text itself."""
    if isinstance(response, str):
        return response or None
    if not isinstance(response, dict):
        return None
    choices = response.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return _answer(choices[0].get("message"))
    content = response.get("content")
    return content if isinstance(content, str) and content else None


def _tokens(row: JsonObject, response: object) -> tuple[int, int] | None:
    usage = response.get("usage") if isinstance(response, dict) else None
    places: list[object] = [row, row.get("usage"), row.get("usageDetails"), usage]
    for place in places:
        if isinstance(place, dict):
            prompt = _first_int(place, ("prompt_tokens", "promptTokens", "input"))
            completion = _first_int(place, ("completion_tokens", "completionTokens", "output"))
            if prompt is not None and completion is not None:
                return prompt, completion
    return None


def _first_int(place: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    found = (place.get(name) for name in names)
    return next((each for each in found if isinstance(each, int) and each >= 0), None)


def _dollars(row: JsonObject) -> float | None:
    for name in ("spend", "calculatedTotalCost", "totalCost", "cost", "dollars"):
        value = row.get(name)
        if isinstance(value, int | float) and value > 0:
            return float(value)
    return None


def _time(row: JsonObject) -> float | None:
    value = next((row[name] for name in _TIMES if row.get(name) is not None), None)
    if isinstance(value, int | float):
        return float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp() if value else None
    except ValueError:
        return None
