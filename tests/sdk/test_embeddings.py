"""The official Python SDK's embeddings, field by field: the upstream's own, a miss, and a hit."""

from typing import Any

import pytest
from openai import OpenAI

from fakes.embedding_upstream import vector_of
from sdk.conftest import Stand
from sdk.test_python_sdk import both_ways, dumped, same

TEXTS = ["Grüße 𝄞", "two words", "Grüße 𝄞", "one more"]


def asking(given: Any, **fields: Any) -> Any:
    """Ask for the vectors of what is `given`."""
    return lambda c: dumped(c.embeddings.create(model="rich", input=given, **fields))


@pytest.mark.parametrize("fields", [{}, {"encoding_format": "float", "dimensions": 3}])
@pytest.mark.parametrize("given", ["one text", ["one text"], [1, 2, 3], [[1, 2], [3]]])
def test_embeddings(stand: Stand, given: Any, fields: dict[str, Any]) -> None:
    answer = same(both_ways(stand, asking(given, **fields)))

    assert answer["usage"]["prompt_tokens"] > 0
    assert answer["x_vendor"]["took"] == 12345678901234567890


def test_a_batch_with_a_text_twice(stand: Stand) -> None:
    direct, miss, hit = both_ways(stand, asking(TEXTS))

    assert miss == hit == direct
    assert [member["embedding"] for member in hit["data"]] == [vector_of(text) for text in TEXTS]


def test_texts_in_base64_come_as_they_were_sent(stand: Stand) -> None:
    def ask(client: OpenAI) -> Any:
        raw = client.embeddings.with_raw_response.create(
            model="rich", input="one text", encoding_format="base64"
        )
        return raw.content, raw.headers

    direct, miss, hit = both_ways(stand, ask)

    assert len({said.replace(b" ", b"") for said, _ in (direct, miss, hit)}) == 1
    assert [headers["x-cache"] for _, headers in (miss, hit)] == ["MISS", "HIT-EXACT"]
    assert [headers["x-cache-items"] for _, headers in (miss, hit)] == ["0/1", "1/1"]


def test_a_batch_that_is_partly_stored_has_every_vector(stand: Stand) -> None:
    headers = {"x-cache-namespace": "partly"}
    with OpenAI(base_url=stand.proxied, api_key="any", default_headers=headers) as client:
        client.embeddings.create(model="rich", input=TEXTS[1])
        raw = client.embeddings.with_raw_response.create(model="rich", input=TEXTS)

    answer = raw.parse()
    assert [member.embedding for member in answer.data] == [vector_of(text) for text in TEXTS]
    assert [member.index for member in answer.data] == [0, 1, 2, 3]
    assert raw.headers["x-cache-items"] == "1/4"
    assert stand.upstream.requests[-1].fields["input"] == ["Grüße 𝄞", "one more"]
