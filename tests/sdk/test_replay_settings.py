"""The official SDK on word-by-word hits, under ids of their own."""

from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI

from sdk.conftest import Stand
from servers.proxy.process import proxy_process
from servers.upstream.rich_answers import CHATS, RESPONSES, rich_answer
from servers.upstream.scripted import ScriptedUpstream


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    data = tmp_path_factory.mktemp("paced") / "data"
    with ScriptedUpstream(rich_answer).in_thread() as upstream:
        settings = {
            "UPSTREAM_BASE_URL": upstream.base_url,
            "REPLAY_WORDS_PER_SECOND": "1000",
            "FRESH_IDS": "true",
        }
        with proxy_process(data, **settings) as proxy:
            yield Stand(upstream, proxy.base_url)


@pytest.fixture
def client(paced: Stand) -> Iterator[OpenAI]:
    with OpenAI(base_url=paced.proxied, api_key="any", max_retries=0) as made:
        yield made


def chat(client: OpenAI, name: str) -> tuple[str, dict[str, Any]]:
    """The id, and the rest of what the stream adds up to."""
    messages: Any = [{"role": "user", "content": name}]
    with client.chat.completions.stream(model="rich", messages=messages) as events:
        for _ in events:
            pass
        whole = events.get_final_completion().model_dump(warnings=False)
    ident = whole.pop("id")
    del whole["created"]
    return ident, whole


@pytest.mark.parametrize("name", CHATS)
def test_a_chat_adds_up_to_the_same_under_another_id(
    paced: Stand, client: OpenAI, name: str
) -> None:
    first, miss = chat(client, name)
    before = len(paced.upstream.requests)

    second, hit = chat(client, name)
    third, again = chat(client, name)

    assert len(paced.upstream.requests) == before
    assert hit == again == miss
    assert len({first, second, third}) == 3


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_adds_up_to_the_same_under_its_own_id(client: OpenAI, name: str) -> None:
    def ask() -> dict[str, Any]:
        with client.responses.stream(model="rich", input=name) as events:
            for _ in events:
                pass
            return events.get_final_response().model_dump(warnings=False)

    assert ask() == ask()


def test_the_words_come_one_by_one(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "several"}]
    chat(client, "several")

    stream = client.chat.completions.create(model="rich", messages=messages, stream=True)
    words = [c.delta.content for chunk in stream for c in chunk.choices if c.delta.content]

    assert words == [word for at in range(3) for word in ("Answer", f" {at},", " 𝄞.")]
