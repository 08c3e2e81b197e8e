"""Anthropic's Python SDK, field by field: the upstream's own answer, a miss, and a hit."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic
from pydantic import BaseModel

from sdk.conftest import Stand
from servers.upstream.rich_messages import CITY, MESSAGES
from servers.upstream.scripts import answer as answered_by

Ask = Callable[[Anthropic], Any]
AskAsync = Callable[[AsyncAnthropic], Awaitable[Any]]
TOOLS: Any = [{"name": "weather", "input_schema": {"type": "object"}}]
_namespaces = itertools.count()


class City(BaseModel):
    """What the answer called `schema` holds."""

    name: str
    people: int
    twins: list[str]


def asked(name: str) -> Any:
    """The request for the answer of that name."""
    more: dict[str, Any] = {"tools": TOOLS} if "tools" in name else {}
    messages = [{"role": "user", "content": name}]
    return {"model": "rich", "max_tokens": 100, "messages": messages, **more}


def root(address: str) -> str:
    """The address as this SDK wants it: it adds `/v1` itself."""
    return address.removesuffix("/v1")


def client_of(address: str, namespace: str) -> Anthropic:
    headers = {"x-cache-namespace": namespace}
    return Anthropic(
        base_url=root(address), api_key="any", max_retries=0, timeout=30, default_headers=headers
    )


def both_ways(stand: Stand, ask: Ask) -> list[Any]:
    """What the upstream says straight, what a miss says, and what a hit says, which was one."""
    namespace = f"anthropic-{next(_namespaces)}"
    before = len(stand.upstream.requests)
    answers = []
    for address in (stand.direct, stand.proxied, stand.proxied):
        with client_of(address, namespace) as client:
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


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(stand: Stand, name: str) -> None:
    answer = same(both_ways(stand, lambda client: dumped(client.messages.create(**asked(name)))))

    assert answer["x_vendor"]["took"][2] == 12345678901234567890
    assert answer["usage"]["cache_read_input_tokens"] == 8


@pytest.mark.parametrize("name", MESSAGES)
def test_a_streamed_message_puts_the_same_message_together(stand: Stand, name: str) -> None:
    def ask(client: Anthropic) -> dict[str, Any]:
        with client.messages.stream(**asked(name)) as events:
            return dumped(events.get_final_message())

    answer = same(both_ways(stand, ask))

    stop_reason, content = MESSAGES[name]
    assert answer["stop_reason"] == stop_reason
    assert [block["type"] for block in answer["content"]] == [block["type"] for block in content]
    assert answer["usage"]["output_tokens"] == 34


@pytest.mark.parametrize("name", MESSAGES)
def test_the_events_of_a_stream(stand: Stand, name: str) -> None:
    """On a miss they are the upstream's own; on a hit each block is opened, spelt and closed."""

    def ask(client: Anthropic) -> list[dict[str, Any]]:
        return [dumped(event) for event in client.messages.create(**asked(name), stream=True)]

    direct, miss, hit = both_ways(stand, ask)

    assert miss == direct
    types = [event["type"] for event in hit]
    assert (types[0], types[-2:]) == ("message_start", ["message_delta", "message_stop"])
    assert types.count("content_block_start") == types.count("content_block_stop")
    spelt = ["".join(_texts(events)) for events in (direct, hit)]
    assert spelt[0] == spelt[1]


def _texts(events: list[dict[str, Any]]) -> list[str]:
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return [str(delta.get(name) or "") for delta in deltas for name in ("text", "thinking")]


def test_a_plain_message_and_a_stream_share_one_entry_either_way(stand: Stand) -> None:
    for first in ("plain", "streamed"):
        with client_of(stand.proxied, f"anthropic-shared-{first}") as client:
            kinds = ("plain", "streamed") if first == "plain" else ("streamed", "plain")
            before = len(stand.upstream.requests)
            answers = {kind: _answer_of(client, kind) for kind in kinds}

        assert len(stand.upstream.requests) == before + 1
        assert answers["plain"] == answers["streamed"]


def _answer_of(client: Anthropic, kind: str) -> dict[str, Any]:
    if kind == "plain":
        return dumped(client.messages.create(**asked("tools")))
    with client.messages.stream(**asked("tools")) as events:
        for _ in events:
            pass
        message = dumped(events.get_final_message())
    blocks = [{k: v for k, v in b.items() if k != "parsed_output"} for b in message["content"]]
    return {**message, "content": blocks}


def test_an_answer_is_parsed_into_a_model(stand: Stand) -> None:
    def ask(client: Anthropic) -> Any:
        parsed: Any = client.messages.parse(**asked("schema"), output_format=City)
        return parsed.parsed_output

    assert same(both_ways(stand, ask)) == City.model_validate(CITY)


def test_a_beta_is_asked_for_by_its_header(stand: Stand) -> None:
    def ask(client: Anthropic) -> dict[str, Any]:
        answer: Any = client.beta.messages.create(**asked("plain"), betas=["context-1m-2025-08-07"])
        return dumped(answer)

    assert same(both_ways(stand, ask))["content"][0]["type"] == "text"
    assert stand.upstream.requests[-1].headers["anthropic-beta"] == "context-1m-2025-08-07"


def test_tokens_are_counted(stand: Stand) -> None:
    def ask(client: Anthropic) -> Any:
        fields = {name: value for name, value in asked("plain").items() if name != "max_tokens"}
        return client.messages.count_tokens(**fields).input_tokens

    assert same(both_ways(stand, ask)) == 2_095


def test_the_raw_response_has_the_headers_of_the_cache(stand: Stand) -> None:
    def ask(client: Anthropic) -> Any:
        raw = client.messages.with_raw_response.create(**asked("plain"))
        return raw.headers, raw.read(), raw.request_id

    direct, miss, hit = both_ways(stand, ask)

    assert miss[1] == hit[1] == direct[1]
    assert [answer[0]["x-cache"] for answer in (miss, hit)] == ["MISS", "HIT-EXACT"]
    assert hit[0]["x-cache-saved-tokens"] == str(12 + 5 + 8 + 34)
    assert miss[2] != hit[2]
    assert hit[2] == hit[0]["x-request-id"]
    assert "sk-upstream" not in str(miss[0])


def test_a_request_goes_up_as_the_sdk_wrote_it(stand: Stand) -> None:
    cached: Any = [
        {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]
    with client_of(stand.direct, "none") as client:
        client.messages.create(**asked("plain"), system=cached)
    with client_of(stand.proxied, "as-written") as client:
        client.messages.create(**asked("plain"), system=cached)

    direct, proxied = stand.upstream.requests[-2:]
    assert proxied.body == direct.body
    assert proxied.headers["anthropic-version"] == direct.headers["anthropic-version"]
    assert "any" not in proxied.headers["authorization"]


def test_errors_are_the_sdks_own(stand: Stand) -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    stand.upstream.when(answered_by(overloaded, status=529), path="/messages", model="busy")
    with client_of(stand.proxied, "errors") as client:
        with pytest.raises(anthropic.BadRequestError) as refused:
            client.messages.create(model="rich", max_tokens=9, messages=[])
        with pytest.raises(anthropic.APIStatusError) as busy:
            client.messages.create(**{**asked("plain"), "model": "busy"})

    said: Any = refused.value.body
    assert said["error"]["type"] == "invalid_request_error"
    assert refused.value.request_id == said["request_id"]
    assert (busy.value.status_code, busy.value.body) == (529, overloaded)


async def told_async(stand: Stand, ask: AskAsync) -> list[Any]:
    headers = {"x-cache-namespace": f"anthropic-async-{next(_namespaces)}"}
    before = len(stand.upstream.requests)
    answers = []
    for address in (stand.direct, stand.proxied, stand.proxied):
        client = AsyncAnthropic(
            base_url=root(address), api_key="any", max_retries=0, default_headers=headers
        )
        async with client:
            answers.append(await ask(client))
    assert len(stand.upstream.requests) == before + 2
    return answers


@pytest.mark.parametrize("name", MESSAGES)
async def test_the_async_client_has_the_same(stand: Stand, name: str) -> None:
    async def plain(client: AsyncAnthropic) -> dict[str, Any]:
        return dumped(await client.messages.create(**asked(name)))

    async def streamed(client: AsyncAnthropic) -> dict[str, Any]:
        async with client.messages.stream(**asked(name)) as events:
            return dumped(await events.get_final_message())

    same(await told_async(stand, plain))
    same(await told_async(stand, streamed))
