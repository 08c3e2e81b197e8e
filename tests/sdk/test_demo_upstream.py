"""What the demonstration upstream answers, as OpenAI's own types read it."""

import json
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from openai.types import Completion, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from llm_cache_proxy.adapters.upstream.demo.answer import NOTICE
from llm_cache_proxy.adapters.upstream.demo.upstream import DemoUpstream
from llm_cache_proxy.ports.upstream import UpstreamCall
from servers.upstream.calls import chat_call, events_in, fetched, get, post, whole

WEATHER = {
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
        "required": ["city", "days"],
    },
}
TOOLS = [
    {"type": "function", "function": {"name": "other", "parameters": {}}},
    {"type": "function", "function": WEATHER},
]
FORCED = {"type": "function", "function": {"name": "weather"}}


def quick() -> DemoUpstream:
    return DemoUpstream(first_token_seconds=0, word_seconds=0, now=lambda: 1_700_000_000)


async def chat(**fields: object) -> ChatCompletion:
    status, body = await fetched(quick(), chat_call(**fields))  # type: ignore[arg-type]  # any field
    assert status == 200
    return ChatCompletion.model_validate(body)


async def chunks(call: UpstreamCall) -> list[ChatCompletionChunk]:
    body = await whole(await quick().send(call))
    assert body.endswith(b"data: [DONE]\n\n")
    return [ChatCompletionChunk.model_validate(event) for event in events_in(body)]


async def test_an_answer_says_that_it_is_no_models_and_repeats_the_question() -> None:
    answer = await chat(prompt="What is Rust?", model="any-model")

    text = answer.choices[0].message.content or ""
    assert NOTICE in text
    assert "GROQ_API_KEY" in text
    assert "What is Rust?" in text
    assert (answer.model, answer.choices[0].finish_reason) == ("any-model", "stop")


async def test_a_long_question_is_shortened() -> None:
    answer = await chat(prompt="word " * 500)

    assert len(answer.choices[0].message.content or "") < 400


async def test_the_question_is_the_last_user_text_in_whatever_form() -> None:
    messages = [
        {"role": "user", "content": "first"},
        {"role": "user", "content": [{"type": "text", "text": "in parts"}]},
        {"role": "assistant", "content": "later"},
    ]

    answer = await chat(messages=messages)

    assert "\u201cin parts\u201d" in (answer.choices[0].message.content or "")


async def test_the_same_request_gets_the_same_answer_plain_and_streamed() -> None:
    plain, again = await chat(prompt="Hi"), await chat(prompt="Hi")
    streamed = await chunks(chat_call(prompt="Hi", streaming=True))

    text = "".join(chunk.choices[0].delta.content or "" for chunk in streamed)
    assert plain == again
    assert text == plain.choices[0].message.content
    assert {chunk.id for chunk in streamed} == {plain.id}


async def test_a_stream_begins_with_the_role_and_ends_with_the_reason() -> None:
    streamed = await chunks(chat_call(streaming=True))

    assert streamed[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in streamed[-2:]] == [None, "stop"]
    assert all(chunk.usage is None for chunk in streamed)


async def test_asked_usage_comes_last_and_is_the_plain_answers() -> None:
    options = {"include_usage": True}
    streamed = await chunks(chat_call(streaming=True, stream_options=options))

    plain = await chat()
    assert streamed[-1].choices == []
    assert streamed[-1].usage == plain.usage
    assert plain.usage is not None
    assert plain.usage.total_tokens == plain.usage.prompt_tokens + plain.usage.completion_tokens


async def test_n_choices_are_given() -> None:
    plain = await chat(n=3)
    streamed = await chunks(chat_call(streaming=True, n=3))

    ended = [chunk.choices[0].index for chunk in streamed if chunk.choices[0].finish_reason]
    assert [choice.index for choice in plain.choices] == [0, 1, 2]
    assert ended == [0, 1, 2]


async def test_a_token_limit_cuts_the_answer() -> None:
    answer = await chat(max_completion_tokens=3)

    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3


@pytest.mark.parametrize("choice", [FORCED, "required"])
async def test_a_forced_tool_is_called_with_conforming_arguments(choice: object) -> None:
    tools = TOOLS if choice == FORCED else TOOLS[1:]
    answer = await chat(tools=tools, tool_choice=choice)

    (called,) = answer.choices[0].message.tool_calls or []
    assert called.type == "function"
    assert called.function.name == "weather"
    assert json.loads(called.function.arguments) == {"city": "demo", "days": 1}
    assert answer.choices[0].finish_reason == "tool_calls"


async def test_a_streamed_tool_call_is_the_plain_one() -> None:
    asked = {"tools": TOOLS, "tool_choice": FORCED}
    streamed = await chunks(chat_call(streaming=True, **asked))  # type: ignore[arg-type]  # any field

    parts = [call for chunk in streamed for call in chunk.choices[0].delta.tool_calls or []]
    arguments = "".join(part.function.arguments or "" for part in parts if part.function)
    assert parts[0].function is not None
    assert parts[0].function.name == "weather"
    assert json.loads(arguments) == {"city": "demo", "days": 1}
    assert streamed[-1].choices[0].finish_reason == "tool_calls"


async def test_offered_tools_that_are_not_forced_are_not_called() -> None:
    answer = await chat(tools=TOOLS, tool_choice="auto")

    assert answer.choices[0].message.tool_calls is None


async def test_a_json_answer_conforms_to_its_schema() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER["parameters"]}}

    free = await chat(response_format={"type": "json_object"})
    shaped = await chat(response_format=wanted)

    assert json.loads(free.choices[0].message.content or "") == {"notice": NOTICE}
    assert json.loads(shaped.choices[0].message.content or "") == {"city": "demo", "days": 1}


async def test_a_legacy_completion_is_given_plain_and_streamed() -> None:
    call = post("/completions", {"model": "m", "prompt": "Say hi"}, model="m")
    asked = {"model": "m", "prompt": "Say hi", "stream": True}

    _, body = await fetched(quick(), call)
    streamed = events_in(await whole(await quick().send(post("/completions", asked))))

    plain = Completion.model_validate(body)
    pieces = [event["choices"][0] for event in streamed]  # type: ignore[index]  # JSON
    assert "".join(piece["text"] for piece in pieces) == plain.choices[0].text
    assert "Say hi" in plain.choices[0].text
    assert [piece["finish_reason"] for piece in pieces[-2:]] == [None, "stop"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"max_output_tokens": 2},
        {"tools": [{"type": "function", **WEATHER}], "tool_choice": "required"},
    ],
)
async def test_a_streamed_response_ends_in_the_plain_one(more: dict[str, object]) -> None:
    asked = {"model": "m", "input": "Say hi", **more}

    _, body = await fetched(quick(), post("/responses", asked))
    streamed = await whole(await quick().send(post("/responses", {**asked, "stream": True})))

    events = events_in(streamed)
    reader: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
    assert [reader.validate_python(event).sequence_number for event in events] == list(
        range(len(events))
    )
    assert events[-1]["response"] == body
    deltas = [str(event["delta"]) for event in events if str(event["type"]).endswith(".delta")]
    plain = Response.model_validate(body)
    item = plain.output[0]
    said = item.arguments if item.type == "function_call" else plain.output_text
    assert "".join(deltas) == said


async def test_every_listed_model_is_one() -> None:
    _, body = await fetched(quick(), get("/models"))

    listed = body["data"]
    assert isinstance(listed, list)
    assert "demo-model" in [Model.model_validate(model).id for model in listed]


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        (post("/embeddings", {"model": "x", "input": "a"}, model="x"), 404, "model_not_found"),
        (get("/files"), 404, "not_found"),
        (get("/chat/completions"), 404, "not_found"),
        (post("/chat/completions", []), 400, "invalid_json"),
        (post("/chat/completions", {"model": "x"}), 400, None),
        (post("/chat/completions", {"messages": 7}), 400, None),
    ],
)
async def test_what_is_not_demonstrated_is_an_openai_error(
    call: UpstreamCall, status: int, code: str | None
) -> None:
    found, body = await fetched(quick(), call)

    error = body["error"]
    assert isinstance(error, dict)
    assert (found, error["code"]) == (status, code)
    assert set(error) == {"message", "type", "param", "code"}


async def test_it_takes_its_time_like_a_model() -> None:
    waits: list[float] = []

    async def slept(seconds: float) -> None:
        waits.append(seconds)

    upstream = DemoUpstream(first_token_seconds=0.8, word_seconds=0.02, sleep=slept)
    reply = await upstream.send(chat_call(streaming=True))
    assert waits == [0.8]

    count = len(events_in(await whole(reply)))
    assert waits == [0.8, *[0.02] * count]


async def message(**fields: object) -> Message:
    asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields}
    status, body = await fetched(quick(), post("/messages", asked, model="m"))
    assert status == 200
    return Message.model_validate(body)


async def test_a_message_has_anthropics_form() -> None:
    plain = await message()
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    streamed = await whole(await quick().send(post("/messages", body, streaming=True)))

    sent = [event for event in events_in(streamed) if event["type"] != "ping"]
    read = [TypeAdapter(RawMessageStreamEvent).validate_python(event) for event in sent]
    text = "".join(e.delta.text for e in read if e.type == "content_block_delta")  # type: ignore[union-attr]
    assert (plain.stop_reason, plain.content[0].text) == ("end_turn", text)  # type: ignore[union-attr]
    assert (read[0].type, read[-1].type) == ("message_start", "message_stop")


async def test_a_tool_that_must_be_called_is() -> None:
    tool = {"name": "weather", "input_schema": WEATHER["parameters"]}
    choice = {"type": "tool", "name": "weather"}

    called = await message(tools=[tool], tool_choice=choice)
    any_tool = await message(tools=[tool], tool_choice={"type": "any"})
    cut = await message(tools=[tool], tool_choice=choice, max_tokens=1)

    [block] = called.content
    assert block.type == "tool_use"
    assert (called.stop_reason, block.name, block.input["days"]) == ("tool_use", "weather", 1)
    assert any_tool.content[0].type == "tool_use"
    assert cut.stop_reason == "max_tokens"


async def test_a_streamed_call_spells_the_same_arguments() -> None:
    tool = {"name": "weather", "input_schema": WEATHER["parameters"]}
    asked = {"messages": [{"role": "user", "content": "Hi"}], "tools": [tool], "stream": True}
    asked |= {"model": "m", "tool_choice": {"type": "any"}}

    body = await whole(await quick().send(post("/messages", asked, streaming=True)))

    deltas: list[Any] = [event.get("delta") for event in events_in(body)]
    pieces = [each["partial_json"] for each in deltas if each and "partial_json" in each]
    assert json.loads("".join(pieces)) == {"city": "demo", "days": 1}


async def test_tokens_are_counted_as_the_answer_counts_them() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}

    _, counted = await fetched(quick(), post("/messages/count_tokens", asked, model="m"))

    assert counted == {"input_tokens": (await message()).usage.input_tokens}
