"""APIs of others: what is asked of them, what of their answers is believed, what is never shown."""

import json
import subprocess
import sys
import time
from contextlib import AsyncExitStack

import pytest

from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.ports.embedder import Embedder
from samples.embedding.embedders import compatible, inferring, on_bedrock
from servers.asgi import serving
from servers.embedding_apis import Base64, BedrockRuntime, OpenAIEmbeddings, Vector
from servers.qdrant.rest_server import QdrantRest

TITAN, COHERE = "amazon.titan-embed-text-v2:0", "us.cohere.embed-v4:0"
KEY = "sk-not-to-be-shown"
PRIVATE = "a private question"


def three(text: str) -> Vector:
    """A vector of three dimensions and not of unit length, and a token for each word."""
    return Vector([3.0, 4.0, float(len(text) == 0)], len(text.split()) + 2)


def item(vector: object, index: object = 0) -> bytes:
    return json.dumps({"data": [{"index": index, "embedding": vector}]}).encode()


RUBBISH = {
    "no JSON": b"<html>",
    "no data": b"{}",
    "too few": b'{"data": []}',
    "too many": b'{"data": [{"embedding": [1]}, {"embedding": [1]}]}',
    "no objects": b'{"data": [[1.0]]}',
    "no vector": item(None),
    "an empty vector": item([]),
    "zeros": item([0.0, 0.0]),
    "NaN": item([float("nan"), 1.0]),
    "text for numbers": item(["1.0"]),
    "an index out of range": item([1.0], 1),
    "an index that is none": item([1.0], True),
    "base64 that is none": item("%%%"),
    "base64 of half a float": item("AAAAAAA="),
}


async def refusal_of(embedder: Embedder, text: str = PRIVATE) -> str:
    try:
        with pytest.raises(EmbedderUnavailable) as caught:
            await embedder.embed([text])
        return str(caught.value)
    finally:
        await embedder.aclose()


@pytest.mark.parametrize("kind", RUBBISH)
async def test_rubbish_of_an_api_is_an_unavailable_embedder(kind: str) -> None:
    service = OpenAIEmbeddings(three, forced=[(200, RUBBISH[kind])])

    async with serving(service.app()) as url:
        await refusal_of(compatible(url))


async def test_a_failure_that_may_pass_is_tried_once_more() -> None:
    service = OpenAIEmbeddings(three, forced=[(503, b"{}")])
    async with serving(service.app()) as url:
        embedder = compatible(url)

        (found,) = await embedder.embed(["What is Rust?"])
        service.forced = [(429, b"{}"), (429, b"{}")]

        assert "429" in await refusal_of(embedder)
    assert found.vector == pytest.approx([0.6, 0.8, 0.0])
    assert len(service.bodies) == 4


async def test_a_wrong_key_is_sent_once_and_shown_nowhere() -> None:
    service = OpenAIEmbeddings(three, api_key="another")
    async with serving(service.app()) as url:
        said = await refusal_of(compatible(url, api_key=KEY))

    assert "401" in said
    assert KEY not in said
    assert len(service.bodies) == 1


async def test_the_right_key_opens_the_api() -> None:
    async with serving(OpenAIEmbeddings(three, api_key=KEY).app()) as url:
        embedder = compatible(url, api_key=KEY)

        assert len(await embedder.embed(["a", "b"])) == 2
        await embedder.aclose()


async def test_a_key_that_is_no_header_is_not_quoted() -> None:
    async with serving(OpenAIEmbeddings(three).app()) as url:
        assert KEY not in await refusal_of(compatible(url, api_key=f"{KEY}\n"))


@pytest.mark.parametrize("way", Base64)
async def test_vectors_are_read_in_either_encoding(way: Base64) -> None:
    service = OpenAIEmbeddings(three, way)
    async with serving(service.app()) as url:
        embedder = compatible(url)

        first, second = await embedder.embed(["one", "two"])
        await embedder.embed(["three"])
        await embedder.aclose()

    assert first.vector == pytest.approx([0.6, 0.8, 0.0])
    assert second.vector == first.vector
    asked = ["encoding_format" in body for body in service.bodies]
    assert asked == ([True, False, False] if way is Base64.REFUSES else [True, True])


async def test_texts_that_fit_go_together_and_their_tokens_are_shared_out() -> None:
    service = OpenAIEmbeddings(three)
    async with serving(service.app()) as url:
        embedder = compatible(url)

        found = await embedder.embed(["one", "two words", "three words here"])
        await embedder.aclose()

    assert [body["input"] for body in service.bodies] == [["one", "two words", "three words here"]]
    assert sum(one.tokens for one in found) == 6 + 2 * 3
    assert all(one.whole for one in found)


async def test_a_text_that_is_refused_for_its_length_stands_by_its_beginning() -> None:
    service = OpenAIEmbeddings(three, window=16, refuses_long=True)
    long = "word " * 40
    async with serving(service.app()) as url:
        embedder = compatible(url, window_tokens=16)

        short, found = await embedder.embed(["word", long])
        await embedder.aclose()

    assert (short.whole, found.whole) == (True, False)
    assert found.tokens >= 40
    assert service.bodies[-1]["input"] == [long[:3]]


async def test_a_service_that_cuts_in_silence_is_not_believed_to_have_read_it_all() -> None:
    async with serving(OpenAIEmbeddings(three, window=16).app()) as url:
        embedder = compatible(url, window_tokens=16)

        cut, read = await embedder.embed(["word " * 40, "word " * 10])
        await embedder.aclose()

    assert (cut.whole, read.whole) == (False, True)
    assert read.tokens == 12


async def test_dimensions_are_asked_for_and_held() -> None:
    service = OpenAIEmbeddings(three)
    async with serving(service.app()) as url:
        said = await refusal_of(compatible(url, dimensions=2))

    assert service.bodies[0]["dimensions"] == 2
    assert "2 numbers: it has 3" in said


async def test_each_family_of_bedrock_is_asked_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = BedrockRuntime(three)
    async with serving(service.app()) as url:
        for name, dimensions in ((TITAN, None), (TITAN, 3), (COHERE, 3), ("cohere.embed-v3", None)):
            embedder = on_bedrock(url, monkeypatch, name, dimensions=dimensions)
            (found,) = await embedder.embed(["one"])
            await embedder.aclose()
            assert found.vector == pytest.approx([0.6, 0.8, 0.0])

    cohere = {"texts": ["one"], "input_type": "search_query", "truncate": "NONE"}
    assert service.bodies == [
        {"inputText": "one"},
        {"inputText": "one", "dimensions": 3},
        {**cohere, "output_dimension": 3},
        cohere,
    ]


async def test_bedrocks_count_of_tokens_is_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(BedrockRuntime(three).app()) as url:
        titan = on_bedrock(url, monkeypatch, TITAN)
        cohere = on_bedrock(url, monkeypatch, COHERE)

        alone = await titan.embed(["one two", "three"])
        together = await cohere.embed(["one two", "three"])
        await titan.aclose()
        await cohere.aclose()

    assert [one.tokens for one in alone] == [4, 3]
    assert sum(one.tokens for one in together) == 7


async def test_a_refusal_of_bedrock_is_shown_by_its_code_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = BedrockRuntime(three, refusal=(429, "ThrottlingException", PRIVATE))
    async with serving(service.app()) as url:
        said = await refusal_of(on_bedrock(url, monkeypatch, TITAN))

    assert said == "Bedrock gives no vector: ThrottlingException"
    assert len(service.bodies) == 1


async def test_a_text_that_bedrock_refuses_for_its_length_stands_by_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(BedrockRuntime(three).app()) as url:
        embedder = on_bedrock(url, monkeypatch, COHERE)

        long, short = await embedder.embed(["word " * 400, "word"])
        await embedder.aclose()

    assert (long.whole, short.whole) == (False, True)


async def test_a_text_that_bedrock_does_not_take_at_all_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = BedrockRuntime(three, refusal=(400, "ValidationException", PRIVATE))
    async with serving(service.app()) as url:
        assert PRIVATE not in await refusal_of(on_bedrock(url, monkeypatch, TITAN))


@pytest.mark.parametrize("kind", ["openai", "bedrock", "qdrant"])
async def test_a_slow_api_is_left_in_time(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(text: str) -> Vector:
        time.sleep(3)
        return three(text)

    async with AsyncExitStack() as stack:
        if kind == "openai":
            url = await stack.enter_async_context(serving(OpenAIEmbeddings(slowly).app()))
            embedder: Embedder = compatible(url, timeout_seconds=0.3)
        elif kind == "bedrock":
            url = await stack.enter_async_context(serving(BedrockRuntime(slowly).app()))
            embedder = on_bedrock(url, monkeypatch, TITAN, timeout_seconds=0.3)
        else:
            url = await stack.enter_async_context(serving(QdrantRest(delay_seconds=3)))
            embedder = inferring(url, timeout_seconds=0.3)

        await refusal_of(embedder)


async def test_qdrant_keeps_neither_a_text_nor_its_vector() -> None:
    server = QdrantRest()
    server.collections.inference = lambda _, text: [float(len(text)), *[0.0] * 383]
    async with serving(server) as url:
        embedder = inferring(url)

        found = await embedder.embed([PRIVATE, "another"])
        await embedder.aclose()

    assert [one.vector[0] for one in found] == [1.0, 1.0]
    assert server.collections["prompts.texts"].points == {}
    written = [body["points"] for body in server.bodies if "points" in body]
    assert all(not point["payload"] for point in written[0])


async def test_a_qdrant_without_inference_is_an_unavailable_embedder() -> None:
    async with serving(QdrantRest()) as url:
        said = await refusal_of(inferring(url))

    assert "InferenceService" in said


async def test_a_wrong_key_of_qdrant_is_not_shown() -> None:
    async with serving(QdrantRest(api_key="another")) as url:
        said = await refusal_of(inferring(url, api_key=KEY))

    assert "refused the API key" in said
    assert KEY not in said


def test_the_libraries_of_an_api_are_imported_by_its_first_text_alone() -> None:
    code = (
        "import sys, llm_cache_proxy.adapters.embedder.bedrock\n"
        "import llm_cache_proxy.adapters.embedder.qdrant\n"
        "print({'boto3', 'botocore', 'qdrant_client.http'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
