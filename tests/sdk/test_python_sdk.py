"""The official Python SDK, field by field: the upstream's own answer, a miss, and a hit."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from sdk.conftest import Stand
from servers.upstream.rich_answers import CHATS, CITY, RESPONSES
from servers.upstream.scripts import answer as answered_by

Ask = Callable[[OpenAI], Any]
AskAsync = Callable[[AsyncOpenAI], Awaitable[Any]]
TOOLS: Any = [
    {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}},
    {"type": "function", "function": {"name": "time", "parameters": {"type": "object"}}},
]
_namespaces = itertools.count()


class City(BaseModel):
    """What the answer called `schema` holds."""

    name: str
    people: int
    twins: list[str]


def asked(name: str) -> Any:
    """The request for the answer of that name."""
    more: dict[str, Any] = {"tools": TOOLS} if "tools" in name else {}
    return {"model": "rich", "messages": [{"role": "user", "content": name}], **more}


def both_ways(stand: Stand, ask: Ask) -> list[Any]:
    """What the upstream says straight, what a miss says, and what a hit says, which was one."""
    headers = {"x-cache-namespace": f"sync-{next(_namespaces)}"}
    before = len(stand.upstream.requests)
    answers = []
    for address in (stand.direct, stand.proxied, stand.proxied):
        client = OpenAI(
            base_url=address, api_key="any", max_retries=0, timeout=30, default_headers=headers
        )
        with client:
            answers.append(ask(client))
    assert len(stand.upstream.requests) == before + 2
    return answers


def dumped(answer: BaseModel) -> dict[str, Any]:
    return answer.model_dump(warnings=False)


def same(answers: list[Any]) -> Any:
    direct, miss, hit = answers
    assert miss == direct
    assert hit == direct
    return direct


@pytest.mark.parametrize("name", CHATS)
def test_a_chat_completion(stand: Stand, name: str) -> None:
    answer = same(both_ways(stand, lambda c: dumped(c.chat.completions.create(**asked(name)))))

    assert answer["x_vendor"]["took"][2] == 12345678901234567890
    assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == 8


@pytest.mark.parametrize("name", CHATS)
def test_a_streamed_chat_completion_puts_the_same_message_together(stand: Stand, name: str) -> None:
    def ask(client: OpenAI) -> dict[str, Any]:
        options: Any = {"include_usage": True}
        with client.chat.completions.stream(**asked(name), stream_options=options) as events:
            for _ in events:
                pass
            return dumped(events.get_final_completion())

    answer = same(both_ways(stand, ask))

    for choice, wanted in zip(answer["choices"], CHATS[name], strict=True):
        assert choice["finish_reason"] == wanted["finish_reason"]
        assert choice["message"]["content"] == wanted["message"]["content"]


@pytest.mark.parametrize("with_usage", [True, False])
@pytest.mark.parametrize("name", ["plain", "several", "tools"])
def test_the_chunks_of_a_stream(stand: Stand, name: str, with_usage: bool) -> None:
    """On a miss they are the upstream's own; on a hit they begin and end as they must."""
    options: Any = {"stream_options": {"include_usage": True}} if with_usage else {}

    def ask(client: OpenAI) -> list[dict[str, Any]]:
        stream = client.chat.completions.create(**asked(name), stream=True, **options)
        return [dumped(chunk) for chunk in stream]

    direct, miss, hit = both_ways(stand, ask)

    assert miss == direct
    assert hit[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [bool(chunk["choices"]) for chunk in hit].count(False) == int(with_usage)
    assert hit[-1].get("usage") == direct[-1].get("usage")
    told_ends = [c["choices"][0]["finish_reason"] for c in hit if c["choices"]]
    assert told_ends[-len(CHATS[name]) :] == [choice["finish_reason"] for choice in CHATS[name]]


def test_an_answer_is_parsed_into_a_model(stand: Stand) -> None:
    def ask(client: OpenAI) -> Any:
        answer = client.chat.completions.parse(**asked("schema"), response_format=City)
        return answer.choices[0].message.parsed

    assert same(both_ways(stand, ask)) == City.model_validate(CITY)


def test_tool_calls_come_with_parsed_arguments(stand: Stand) -> None:
    tools = [
        {"type": "function", "function": {**tool["function"], "strict": True}} for tool in TOOLS
    ]

    def ask(client: OpenAI) -> Any:
        parsed: Any = client.chat.completions.parse
        calls = parsed(**{**asked("tools"), "tools": tools}).choices[0].message.tool_calls
        return [(call.id, call.function.name, call.function.parsed_arguments) for call in calls]

    assert same(both_ways(stand, ask)) == [
        ("call_1", "weather", {"city": "Köln", "days": 3}),
        ("call_2", "time", {"zone": "Europe/Berlin"}),
    ]


def test_the_raw_response_has_the_headers_of_the_cache(stand: Stand) -> None:
    def ask(client: OpenAI) -> Any:
        raw = client.chat.completions.with_raw_response.create(**asked("plain"))
        return raw.headers, raw.content, raw.request_id

    direct, miss, hit = both_ways(stand, ask)

    assert miss[1] == hit[1] == direct[1]
    assert [answer[0]["x-cache"] for answer in (miss, hit)] == ["MISS", "HIT-EXACT"]
    assert hit[0]["x-cache-saved-tokens"] == "46"
    assert "x-cache-saved-tokens" not in miss[0]
    assert miss[2] != hit[2]
    assert "sk-upstream" not in str(miss[0])


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response(stand: Stand, name: str) -> None:
    def ask(client: OpenAI) -> dict[str, Any]:
        answer = client.responses.create(model="rich", input=name)
        return {**dumped(answer), "output_text": answer.output_text}

    assert same(both_ways(stand, ask))["usage"]["output_tokens_details"]["reasoning_tokens"] == 7


@pytest.mark.parametrize("name", RESPONSES)
def test_a_streamed_response_ends_in_the_same_response(stand: Stand, name: str) -> None:
    def ask(client: OpenAI) -> Any:
        with client.responses.stream(model="rich", input=name) as events:
            seen = [event.type for event in events]
            return seen, dumped(events.get_final_response())

    seen, answer = same(both_ways(stand, ask))

    assert (seen[0], seen[-1]) == ("response.created", "response.completed")
    assert answer["status"] == "completed"


def test_a_response_is_parsed_into_a_model(stand: Stand) -> None:
    def ask(client: OpenAI) -> Any:
        return client.responses.parse(model="rich", input="schema", text_format=City).output_parsed

    assert same(both_ways(stand, ask)) == City.model_validate(CITY)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_legacy_completion(stand: Stand, streaming: bool) -> None:
    def ask(client: OpenAI) -> Any:
        if not streaming:
            return dumped(client.completions.create(model="rich", prompt="Once"))
        stream = client.completions.create(model="rich", prompt="Once", stream=True)
        return "".join(chunk.choices[0].text for chunk in stream if chunk.choices)

    assert same(both_ways(stand, ask))


def test_a_plain_answer_and_a_stream_share_one_entry(stand: Stand) -> None:
    headers = {"x-cache-namespace": "shared"}
    with OpenAI(base_url=stand.proxied, api_key="any", default_headers=headers) as client:
        plain = client.chat.completions.create(**asked("tools"))
        before = len(stand.upstream.requests)
        with client.chat.completions.stream(**asked("tools")) as events:
            streamed = events.get_final_completion()

    assert len(stand.upstream.requests) == before
    assert [dumped(c.message)["tool_calls"] for c in streamed.choices] == [
        [
            {**call, "index": at, "function": {**call["function"], "parsed_arguments": None}}
            for at, call in enumerate(choice["message"]["tool_calls"])
        ]
        for choice in dumped(plain)["choices"]
    ]


def test_errors_are_the_sdks_own(stand: Stand) -> None:
    listed = {"object": "list", "data": [{"id": "rich", "object": "model"}]}
    stand.upstream.when(answered_by(listed), path="/models")
    with OpenAI(base_url=stand.proxied, api_key="any", max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="rich", messages=[])
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("no-such-model")

    assert (caught.value.param, caught.value.type) == ("messages", "invalid_request_error")


async def told_async(stand: Stand, ask: AskAsync) -> list[Any]:
    headers = {"x-cache-namespace": f"async-{next(_namespaces)}"}
    before = len(stand.upstream.requests)
    answers = []
    for address in (stand.direct, stand.proxied, stand.proxied):
        client = AsyncOpenAI(
            base_url=address, api_key="any", max_retries=0, timeout=30, default_headers=headers
        )
        async with client:
            answers.append(await ask(client))
    assert len(stand.upstream.requests) == before + 2
    return answers


@pytest.mark.parametrize("name", CHATS)
async def test_the_async_client_has_the_same(stand: Stand, name: str) -> None:
    async def plain(client: AsyncOpenAI) -> dict[str, Any]:
        return dumped(await client.chat.completions.create(**asked(name)))

    async def streamed(client: AsyncOpenAI) -> dict[str, Any]:
        async with client.chat.completions.stream(**asked(name)) as events:
            return dumped(await events.get_final_completion())

    same(await told_async(stand, plain))
    same(await told_async(stand, streamed))


@pytest.mark.parametrize("name", RESPONSES)
async def test_the_async_client_has_the_same_responses(stand: Stand, name: str) -> None:
    async def plain(client: AsyncOpenAI) -> dict[str, Any]:
        return dumped(await client.responses.create(model="rich", input=name))

    async def streamed(client: AsyncOpenAI) -> dict[str, Any]:
        async with client.responses.stream(model="rich", input=name) as events:
            return dumped(await events.get_final_response())

    same(await told_async(stand, plain))
    same(await told_async(stand, streamed))
