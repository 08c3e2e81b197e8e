import json
from collections.abc import Iterator

import pytest

from fakes.embedder import FakeEmbedder
from llm_cache_proxy.api.embedding.function import EmbeddingFunction
from llm_cache_proxy.domain.errors import EmbedderUnavailable


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def function(embedder: FakeEmbedder) -> Iterator[EmbeddingFunction]:
    made = EmbeddingFunction(embedder)
    yield made
    made.close()


def rest_event(path: str, body: str | None, method: str = "POST") -> dict[str, object]:
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {"content-type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"path": path, "httpMethod": method, "stage": "prod"},
        "body": body,
        "isBase64Encoded": False,
    }


def test_a_direct_invocation_gets_the_answer_itself(function: EmbeddingFunction) -> None:
    one = function({"text": "a"}, None)
    several = function({"texts": ["a", "b"]}, None)

    assert several["embeddings"] == [
        {name: one[name] for name in ("embedding", "tokens", "whole")},
        {name: function({"text": "b"}, None)[name] for name in ("embedding", "tokens", "whole")},
    ]
    assert one["embedder_id"] == several["embedder_id"] == "fake"


@pytest.mark.parametrize("event", [None, [], "text", {}, {"text": 1}, {"texts": ["a"] * 257}])
def test_a_direct_invocation_that_makes_no_sense_gets_an_error_object(
    function: EmbeddingFunction, event: object
) -> None:
    answer = function(event, None)

    assert list(answer) == ["error"]


def test_an_absent_model_fails_the_invocation(
    function: EmbeddingFunction, embedder: FakeEmbedder
) -> None:
    embedder.away = True

    with pytest.raises(EmbedderUnavailable):
        function({"text": "a"}, None)


def test_an_absent_model_fails_the_start(
    function: EmbeddingFunction, embedder: FakeEmbedder
) -> None:
    embedder.away = True

    with pytest.raises(EmbedderUnavailable):
        function.prime()


def test_a_request_through_an_api_gets_an_http_answer(function: EmbeddingFunction) -> None:
    answer = function(rest_event("/embed", '{"text": "a"}'), None)

    assert answer["statusCode"] == 200
    assert len(json.loads(str(answer["body"]))["embedding"]) == 384


def test_a_bad_request_through_an_api_is_a_400(function: EmbeddingFunction) -> None:
    answer = function(rest_event("/embed", "{"), None)

    assert answer["statusCode"] == 400
    assert "error" in json.loads(str(answer["body"]))
