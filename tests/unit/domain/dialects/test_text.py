"""Facts about legacy completions: exact or nothing, and nothing lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.dialects import text
from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter
from llm_cache_proxy.domain.dialects.text import TextDialect
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.requests.reasons import Reason
from unit.domain.dialects.streams.completions import TEXT, pieces_of

Json = dict[str, Any]
DIALECT = TextDialect()


@st.composite
def completions(draw: st.DrawFn) -> Json:
    """A whole answer, one to three choices."""
    choices = []
    for index in range(draw(st.integers(1, 3))):
        tokens = draw(st.lists(TEXT, max_size=3))
        weights = {"tokens": tokens, "token_logprobs": [None, *[-0.5] * len(tokens)][: len(tokens)]}
        choices.append(
            {
                "text": draw(TEXT),
                "index": index,
                "logprobs": weights if tokens else None,
                "finish_reason": "stop",
            }
        )
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1_700_000_000,
        "model": "m",
        "system_fingerprint": "fp",
        "choices": choices,
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }


@st.composite
def streams_of(draw: st.DrawFn, completion: Json) -> list[str]:
    """The data of some legal stream, choices in turns, log probabilities a token at a time."""
    head = {name: completion[name] for name in completion if name not in {"choices", "usage"}}
    queues = []
    for choice in completion["choices"]:
        place = {"index": choice["index"], "finish_reason": None}
        parts = [{**place, "text": p, "logprobs": None} for p in pieces_of(draw, choice["text"])]
        weights = choice["logprobs"] or {"tokens": [], "token_logprobs": []}
        for token, weight in zip(weights["tokens"], weights["token_logprobs"], strict=True):
            answer = {"tokens": [token], "token_logprobs": [weight]}
            parts.append({**place, "text": "", "logprobs": answer})
        queues.append([*parts, {**place, "text": "", "finish_reason": "stop"}])
    chunks = []
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        chunks.append({**head, "choices": [queue.pop(0)]})
    chunks.append({**head, "choices": [], "usage": completion["usage"]})
    return [json.dumps(chunk) for chunk in chunks]


def assembled(datas: list[str]) -> Json:
    assembler = DIALECT.assembler()
    for data in datas:
        assembler.add(data)
    return assembler.completion()


def datas_of(sse: str) -> list[str]:
    events = EventSplitter().feed(sse.encode())
    return [event.data for event in events if event.data is not None]


@given(st.data())
def test_assembling_any_legal_stream_gives_the_whole_answer(data: st.DataObject) -> None:
    completion = data.draw(completions())

    assert assembled(data.draw(streams_of(completion))) == completion


@given(completions())
def test_replaying_and_assembling_gives_the_same_answer(completion: Json) -> None:
    answer = datas_of(text.events(completion) + text.usage_event(completion))

    assert assembled(answer) == completion
    ends = [json.loads(data)["choices"][0]["finish_reason"] for data in answer[:-1]]
    count = len(completion["choices"])
    assert ends == [None] * count + ["stop"] * count


def test_a_prompt_is_never_changed_or_compared() -> None:
    fields: Json = {"model": "m", "prompt": "Once  Upon"}

    assert DIALECT.checked(fields) is fields
    assert DIALECT.with_user_text(fields, str.upper) is fields
    assert DIALECT.traits(fields).no_text is Reason.EXACT_ROUTE
    assert DIALECT.traits(fields).text is None


@pytest.mark.parametrize("fields", [{}, {"model": 5}, {"model": "m", "stream": 1}])
def test_a_wrong_field_is_refused(fields: Json) -> None:
    with pytest.raises(InvalidRequest):
        DIALECT.checked(fields)


@pytest.mark.parametrize(
    ("choices", "whole"),
    [
        ([{"text": "x", "finish_reason": "stop"}], True),
        ([{"text": "", "finish_reason": "stop"}], False),
        ([{"finish_reason": "stop"}], False),
        ([{"text": "x", "finish_reason": "length"}], False),
        ([{"text": "x", "finish_reason": "content_filter"}], False),
        ([{"text": "x", "finish_reason": None}], False),
        ([5], False),
        ([], False),
        (None, False),
    ],
)
def test_only_texts_that_stopped_of_themselves_are_kept(choices: object, whole: bool) -> None:
    assert DIALECT.is_whole({"choices": choices}) == whole


def test_an_error_event_breaks_the_stream() -> None:
    with pytest.raises(BrokenStreamError):
        DIALECT.assembler().add('{"error": {}}')


def test_unknown_usage_has_no_event() -> None:
    assert text.usage_event({"choices": []}) == ""


def test_what_an_answer_says_is_the_text_of_every_choice() -> None:
    assert DIALECT.answer_text({"choices": [{"text": "one"}, {"text": "two"}]}) == "one\ntwo"
