"""The official Python SDK on endpoints that CACHED_PATHS names: direct, a miss, and a hit."""

import io
from typing import Any

import pytest
from openai import OpenAI

from sdk.conftest import Stand
from sdk.test_python_sdk import both_ways, dumped, same

IMAGE: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def sound() -> io.BytesIO:
    """A recording with a name, as an opened file has one."""
    made = io.BytesIO(b"ID3 \x00\xff\r\n--sound")
    made.name = "talk.mp3"
    return made


@pytest.mark.parametrize(
    "given", ["Grüße", ["Grüße", "two"], [{"type": "text", "text": "x"}, IMAGE]]
)
def test_a_moderation(stand: Stand, given: Any) -> None:
    answer = same(both_ways(stand, lambda c: dumped(c.moderations.create(input=given))))

    assert answer["results"][0]["category_scores"]["self_harm_intent"] == 1.2e-05


def test_an_image_by_its_seed(stand: Stand) -> None:
    def ask(client: OpenAI) -> Any:
        seed = {"seed": 7}
        return dumped(client.images.generate(model="rich", prompt="a cat", n=2, extra_body=seed))

    answer = same(both_ways(stand, ask))

    assert [image["b64_json"] for image in answer["data"]] == ["AAAA", "//8="]
    assert answer["usage"]["input_tokens_details"]["text_tokens"] == 3


@pytest.mark.filterwarnings("ignore:deprecated")  # says the SDK of translations, and asks for them
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("transcriptions", {}),
        ("transcriptions", {"response_format": "verbose_json", "language": "de"}),
        ("translations", {}),
        ("translations", {"response_format": "verbose_json"}),
    ],
)
def test_a_recording_by_its_file(stand: Stand, kind: str, fields: dict[str, Any]) -> None:
    def ask(client: OpenAI) -> Any:
        endpoint = getattr(client.audio, kind)
        return dumped(endpoint.create(model="rich", file=sound(), **fields))

    answer = same(both_ways(stand, ask))

    assert answer["text"].endswith("𝄞.")
    assert answer["x_vendor"]["took"] == 12345678901234567890


def test_a_ranking_by_its_documents(stand: Stand) -> None:
    def ask(client: OpenAI) -> Any:
        body = {"model": "rich", "query": "q", "documents": ["a", "b"]}
        return client.post("/rerank", cast_to=object, body=body)

    assert same(both_ways(stand, ask))["results"][0]["index"] == 1
