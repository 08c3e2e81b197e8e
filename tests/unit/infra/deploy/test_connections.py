"""What each connection says of itself before anything is built."""

from collections.abc import Mapping

import httpx
import pytest
from infra.deploy.dialogue.connections import models, tried
from infra.deploy.stack.endpoint import model_to_ask

from samples.stack.answers import ANSWERS, SECRET_VALUES


def answering(table: Mapping[str, httpx.Response]) -> httpx.Client:
    def handle(request: httpx.Request) -> httpx.Response:
        return table[str(request.url)]

    return httpx.Client(transport=httpx.MockTransport(handle))


def fine() -> dict[str, httpx.Response]:
    return {
        "https://api.groq.com/openai/v1/models": httpx.Response(
            200, json={"data": [{"id": "whisper"}, {"id": "llama-3.1-8b-instant"}]}
        ),
        "https://u.example": httpx.Response(200, json={"result": "PONG"}),
        "https://q.example:6333/collections": httpx.Response(
            200, json={"result": {"collections": []}}
        ),
    }


def test_what_answers_and_lets_us_in_is_fine() -> None:
    found = list(tried(ANSWERS, answering(fine())))

    assert [trial.ok for trial in found] == [True, True, True]


def test_each_connection_is_tried_with_its_key() -> None:
    sent: dict[str, str] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        sent[request.url.host] = request.headers.get(
            "authorization", request.headers.get("api-key", "")
        )
        return fine()[str(request.url)]

    list(tried(ANSWERS, httpx.Client(transport=httpx.MockTransport(handle))))

    assert sent == {
        "api.groq.com": "Bearer gsk-secret",
        "u.example": "Bearer tok-secret",
        "q.example": "q-secret",
    }


@pytest.mark.parametrize("url", fine())
@pytest.mark.parametrize(
    ("response", "result"),
    [
        (httpx.Response(401), "the key is refused (401)"),
        (httpx.Response(403), "the key is refused (403)"),
        (httpx.Response(500), "it answers with status 500"),
    ],
)
def test_a_refusal_is_reported_without_the_key(
    url: str, response: httpx.Response, result: str
) -> None:
    found = list(tried(ANSWERS, answering({**fine(), url: response})))

    [refused] = [trial for trial in found if not trial.ok]
    assert refused.result == result
    assert not any(value in str(found) for value in SECRET_VALUES)


@pytest.mark.parametrize("url", ["https://u.example", "https://q.example:6333/collections"])
def test_a_page_in_place_of_a_store_is_no_store(url: str) -> None:
    found = list(tried(ANSWERS, answering({**fine(), url: httpx.Response(200, text="<html>")})))

    assert [trial.ok for trial in found].count(False) == 1


def test_an_unreachable_service_is_reported() -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no such host")

    found = list(tried(ANSWERS, httpx.Client(transport=httpx.MockTransport(handle))))

    assert {trial.result for trial in found} == {"it cannot be reached: ConnectError: no such host"}


def test_an_upstream_that_lists_no_models_will_do() -> None:
    none = {**fine(), "https://api.groq.com/openai/v1/models": httpx.Response(404)}

    assert next(iter(tried(ANSWERS, answering(none)))).ok
    assert models(ANSWERS, answering(none)) == []


def test_a_chat_model_is_asked() -> None:
    assert model_to_ask(models(ANSWERS, answering(fine()))) == "llama-3.1-8b-instant"
    assert model_to_ask(["whisper-large", "text-embedding-3", "gpt-4o"]) == "gpt-4o"
    assert model_to_ask([]) == "llama-3.1-8b-instant"
