"""Facts about the endpoints that CACHED_PATHS names, over HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.ports.upstream import Route
from unit.api.service import service_over
from unit.pipeline.harness import Harness

PATHS = frozenset(
    {
        "/moderations",
        "/rerank",
        "/images/generations",
        "/audio/transcriptions",
        "/audio/translations",
    }
)
IMAGE = {"data": [{"b64_json": "AAAA"}], "usage": {"input_tokens": 3, "output_tokens": 5}}
AUDIO = {"file": ("talk.mp3", b"ID3 sound", "audio/mpeg")}


@pytest.fixture
def harness() -> Harness:
    return Harness()


@asynccontextmanager
async def serving(
    harness: Harness, *, unseeded: bool = False, key_ring: KeyRing | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    service = service_over(
        harness,
        cached_paths=PATHS,
        unseeded_images=unseeded,
        key_ring=key_ring,
        keyed_paths=PATHS,
    )
    transport = httpx.ASGITransport(create_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://proxy/v1") as made:
        yield made
    await harness.proxy.drain()


@pytest.fixture
async def client(harness: Harness) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(harness) as made:
        yield made


def answering(harness: Harness, *answers: object, status: int = 200) -> None:
    for answer in answers:
        harness.upstream.queue([json.dumps(answer).encode()], status)


async def x_cache(client: httpx.AsyncClient, path: str, **sent: object) -> list[str]:
    """`x-cache` of two identical requests."""
    answers = [await client.post(path, **sent) for _ in range(2)]  # type: ignore[arg-type]
    return [answer.headers["x-cache"] for answer in answers]


@pytest.mark.parametrize("fields", [{"model": "m", "input": "x"}, {"input": "x"}])
async def test_the_same_request_has_the_same_answer(
    harness: Harness, client: httpx.AsyncClient, fields: dict[str, str]
) -> None:
    answering(harness, {"id": "modr-1", "results": [{"flagged": False}]})

    miss = await client.post("/moderations", json=fields)
    hit = await client.post("/moderations", json=fields)

    assert hit.content == miss.content
    assert (miss.headers["x-cache"], miss.headers["x-cache-reason"]) == ("MISS", "exact-route")
    assert (hit.headers["x-cache"], hit.headers["x-cache-reason"]) == ("HIT-EXACT", "identical")
    assert harness.upstream.calls[0].path == "/moderations"
    assert "unproved:stream" not in harness.exact.counted()


async def test_any_other_field_makes_another_request(
    harness: Harness, client: httpx.AsyncClient
) -> None:
    answering(harness, {"results": [1]}, {"results": [2]})

    await client.post("/rerank", json={"model": "m", "query": "q", "documents": ["a"]})
    other = await client.post("/rerank", json={"model": "m", "query": "q", "documents": ["b"]})

    assert (other.headers["x-cache"], other.json()) == ("MISS", {"results": [2]})


async def test_a_path_is_part_of_the_key(harness: Harness, client: httpx.AsyncClient) -> None:
    answering(harness, {"results": [1]}, {"results": [2]})

    await client.post("/rerank", json={"model": "m"})
    other = await client.post("/moderations", json={"model": "m"})

    assert other.json() == {"results": [2]}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-bypass-cache": "true"}, ["BYPASS", "BYPASS"]),
        ({"cache-control": "no-store"}, ["MISS", "MISS"]),
        ({"x-cache-mode": "refresh"}, ["MISS", "MISS"]),
        ({"x-cache-namespace": "a", "x-cache-ttl": "60"}, ["MISS", "HIT-EXACT"]),
    ],
)
async def test_the_controls_are_those_of_every_endpoint(
    harness: Harness, client: httpx.AsyncClient, headers: dict[str, str], expected: list[str]
) -> None:
    answering(harness, {"results": [1]}, {"results": [1]})

    assert await x_cache(client, "/rerank", json={"model": "m"}, headers=headers) == expected


async def test_an_error_is_not_kept(harness: Harness, client: httpx.AsyncClient) -> None:
    answering(harness, {"error": {"message": "no"}}, {"error": {"message": "no"}}, status=400)

    assert await x_cache(client, "/rerank", json={"model": "m"}) == ["ERROR", "ERROR"]


async def test_a_stream_passes_uncached(harness: Harness, client: httpx.AsyncClient) -> None:
    answering(harness, {"a": 1}, {"a": 1})

    fields = {"model": "m", "stream": True}

    assert await x_cache(client, "/rerank", json=fields) == ["BYPASS", "BYPASS"]


async def test_other_methods_pass_uncached(harness: Harness, client: httpx.AsyncClient) -> None:
    answering(harness, {"a": 1})

    answer = await client.get("/rerank")

    assert (answer.headers["x-cache-reason"], answer.json()) == ("uncached-route", {"a": 1})


async def test_a_path_that_is_not_named_passes(harness: Harness, client: httpx.AsyncClient) -> None:
    answering(harness, {"a": 1}, {"a": 1})

    assert await x_cache(client, "/classify", json={"model": "m"}) == ["BYPASS", "BYPASS"]


@pytest.mark.parametrize(
    ("fields", "unseeded", "expected"),
    [
        ({"seed": 7}, False, ["MISS", "HIT-EXACT"]),
        ({}, False, ["BYPASS", "BYPASS"]),
        ({}, True, ["MISS", "HIT-EXACT"]),
    ],
)
async def test_images_are_cached_by_their_seed(
    harness: Harness, fields: dict[str, int], expected: list[str], *, unseeded: bool
) -> None:
    answering(harness, IMAGE, IMAGE)

    async with serving(harness, unseeded=unseeded) as client:
        asked = {"model": "m", "prompt": "a cat", **fields}
        assert await x_cache(client, "/images/generations", json=asked) == expected


async def test_a_file_is_known_by_its_bytes(harness: Harness, client: httpx.AsyncClient) -> None:
    answering(harness, {"text": "Hello."}, {"text": "Bye."})

    def transcription(sound: bytes) -> dict[str, object]:
        return {"data": {"model": "m"}, "files": {"file": ("talk.mp3", sound, "audio/mpeg")}}

    one = await client.post("/audio/transcriptions", **transcription(b"one"))  # type: ignore[arg-type]
    again = await client.post("/audio/transcriptions", **transcription(b"one"))  # type: ignore[arg-type]
    other = await client.post("/audio/transcriptions", **transcription(b"two"))  # type: ignore[arg-type]

    boundaries = [each.request.headers["content-type"] for each in (one, again)]
    assert boundaries[0] != boundaries[1]
    assert [x.headers["x-cache"] for x in (one, again, other)] == ["MISS", "HIT-EXACT", "MISS"]
    assert [x.json()["text"] for x in (one, again, other)] == ["Hello.", "Hello.", "Bye."]
    assert b"\r\none\r\n" in harness.upstream.calls[0].body


async def test_a_transcript_that_is_no_json_is_passed_on_and_not_kept(
    harness: Harness, client: httpx.AsyncClient
) -> None:
    for _ in range(2):
        harness.upstream.queue([b"1\n00:00"], 200, {"content-type": "text/plain"})

    sent = {"data": {"model": "m", "response_format": "srt"}, "files": AUDIO}

    assert await x_cache(client, "/audio/transcriptions", **sent) == ["MISS", "MISS"]


async def test_a_form_for_a_model_of_another_name_at_the_upstream_passes(
    harness: Harness, client: httpx.AsyncClient
) -> None:
    harness.upstream.route_list = [Route("fake", "other-name")]
    answering(harness, {"text": "a"}, {"text": "a"})
    sent = {"data": {"model": "m"}, "files": AUDIO}

    assert await x_cache(client, "/audio/transcriptions", **sent) == ["BYPASS", "BYPASS"]


async def test_a_body_that_is_neither_json_nor_a_form_passes(
    harness: Harness, client: httpx.AsyncClient
) -> None:
    answering(harness, {"a": 1}, {"a": 1})
    headers = {"content-type": "application/octet-stream"}

    expected = await x_cache(client, "/rerank", content=b"\x00", headers=headers)

    assert expected == ["BYPASS", "BYPASS"]


async def test_a_page_of_another_origin_may_not_send_its_own_types(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/rerank", content=b"{}", headers={"content-type": "text/plain"})

    assert answer.status_code == 415
