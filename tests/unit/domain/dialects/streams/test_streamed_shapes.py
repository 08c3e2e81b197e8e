"""Streams as real servers send them: what a hit holds, in JSON and as a stream."""

from typing import Any, cast

import pytest

from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.streams.proving import forms_read
from llm_cache_proxy.domain.dialects.streams.sse import StreamReader
from llm_cache_proxy.domain.dialects.text import TextDialect
from llm_cache_proxy.domain.entries.entry import Form, Forms
from llm_cache_proxy.domain.json_text import parse_object
from samples.streamed_shapes import ALL, BOTH, NOTHING, Shape

DIALECTS = {dialect.path: dialect for dialect in (ChatDialect(), TextDialect())}
EACH = pytest.mark.parametrize("shape", ALL, ids=lambda shape: shape.sends)


def read(shape: Shape, body: bytes | None = None) -> StreamReader:
    reader = StreamReader(DIALECTS[shape.path], hides_usage=False, most_kept_bytes=4_000_000)
    reader.feed(shape.body if body is None else body)
    reader.finish()
    return reader


def kept(shape: Shape) -> Forms | None:
    reader = read(shape)
    completion = reader.completion()
    return forms_read(reader, completion) if reader.is_whole(completion) else None


def holds(value: object, part: object) -> bool:
    """Whether all of `part` stands in `value`."""
    if isinstance(part, dict) and isinstance(value, dict):
        return all(name in value and holds(value[name], each) for name, each in part.items())
    return value == part


def check_right(shape: Shape, answer: dict[str, Any]) -> None:
    [choice] = answer["choices"]
    assert holds(answer, shape.top), answer
    assert holds(choice, shape.beside), choice
    assert holds(choice.get("message", {}), shape.right), choice


@EACH
def test_only_what_was_proved_is_kept(shape: Shape) -> None:
    forms = kept(shape)

    assert (forms is None) == (shape.kept == NOTHING)
    assert forms is None or forms.has(Form.SSE)
    assert (forms is not None and forms.has(Form.JSON)) == (shape.kept == BOTH)


@pytest.mark.parametrize(
    "shape", [shape for shape in ALL if shape.kept == BOTH], ids=lambda shape: shape.sends
)
def test_both_forms_say_what_was_sent(shape: Shape) -> None:
    forms = cast("Forms", kept(shape))
    dialect = DIALECTS[shape.path]

    answer = cast("dict[str, Any]", parse_object(forms.json.encode()))
    again = read(shape, (forms.sse + forms.usage_event + dialect.terminator).encode()).completion()

    check_right(shape, answer)
    check_right(shape, cast("dict[str, Any]", again))


@pytest.mark.parametrize(
    "shape", [shape for shape in ALL if shape.kept != NOTHING], ids=lambda shape: shape.sends
)
def test_a_kept_stream_reads_as_the_one_that_was_sent(shape: Shape) -> None:
    forms = cast("Forms", kept(shape))
    dialect = DIALECTS[shape.path]

    again = read(shape, (forms.sse + forms.usage_event + dialect.terminator).encode())

    sent = dialect.comparable(read(shape).completion())
    assert dialect.comparable(again.completion()) == sent
