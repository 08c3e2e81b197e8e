"""What every endpoint that CACHED_PATHS names does as chat does: one test, all of them."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_cache_proxy.domain.errors import UpstreamUnreachable
from unit.api.v1.test_named_paths import AUDIO, answering, serving
from unit.pipeline.harness import Harness

ENDPOINTS: dict[str, dict[str, Any]] = {
    "/moderations": {"json": {"model": "m", "input": "x"}},
    "/rerank": {"json": {"model": "m", "query": "q", "documents": ["a", "b"]}},
    "/images/generations": {"json": {"model": "m", "prompt": "a cat", "seed": 7}},
    "/audio/transcriptions": {"data": {"model": "m"}, "files": AUDIO},
}
IMAGES = [{"b64_json": "AAAA"}]
ANSWERS = ({"results": [1], "data": IMAGES}, {"results": [2], "data": IMAGES})
EACH = pytest.mark.parametrize("path", ENDPOINTS)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text().filter(lambda n: n not in {"model", "stream"}), VALUES)


async def asked(client: httpx.AsyncClient, path: str, **changes: Any) -> httpx.Response:
    return await client.post(path, **ENDPOINTS[path], **changes)


@EACH
async def test_an_answer_ends_with_its_ttl(path: str) -> None:
    harness = Harness()
    answering(harness, *ANSWERS)

    async with serving(harness) as client:
        await asked(client, path, headers={"x-cache-ttl": "60"})
        harness.exact.time += 59
        hit = await asked(client, path)
        harness.exact.time += 2
        miss = await asked(client, path)

    assert (hit.headers["x-cache"], hit.json()) == ("HIT-EXACT", ANSWERS[0])
    assert (miss.headers["x-cache"], miss.json()) == ("MISS", ANSWERS[1])


@EACH
async def test_another_namespace_has_answers_of_its_own(path: str) -> None:
    harness = Harness()
    answering(harness, *ANSWERS)

    async with serving(harness) as client:
        await asked(client, path)
        other = await asked(client, path, headers={"x-cache-namespace": "other"})

    assert (other.headers["x-cache"], other.json()) == ("MISS", ANSWERS[1])


@EACH
async def test_requests_at_once_ask_once(path: str) -> None:
    harness = Harness()
    answering(harness, *ANSWERS)

    async with serving(harness) as client:
        answers = await asyncio.gather(*(asked(client, path) for _ in range(5)))

    assert [answer.json() for answer in answers] == [ANSWERS[0]] * 5
    assert len(harness.upstream.calls) == 1


@EACH
async def test_a_clear_takes_its_answers(path: str) -> None:
    harness = Harness()
    answering(harness, *ANSWERS)

    async with serving(harness) as client:
        await asked(client, path)
        await harness.exact.cut("default", "all")
        after = await asked(client, path)

    assert (after.headers["x-cache"], after.json()) == ("MISS", ANSWERS[1])


@EACH
async def test_while_the_store_is_away_the_upstream_answers(path: str) -> None:
    harness = Harness()
    answering(harness, *ANSWERS)
    harness.exact.away = True

    async with serving(harness) as client:
        answers = [await asked(client, path) for _ in range(2)]
        harness.exact.away = False

    assert [each.json() for each in answers] == list(ANSWERS)
    assert {each.headers["x-cache"] for each in answers} == {"MISS"}


@EACH
async def test_an_upstream_that_is_away_is_an_error_and_not_kept(path: str) -> None:
    harness = Harness()
    harness.upstream.queue([UpstreamUnreachable("It is away.", upstream="fake")])
    answering(harness, ANSWERS[0])

    async with serving(harness) as client:
        failed = await asked(client, path)
        again = await asked(client, path)

    assert failed.status_code == 502
    assert failed.json()["error"]["type"]
    assert (again.headers["x-cache"], again.json()) == ("MISS", ANSWERS[0])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["/moderations", "/rerank"]), BODIES)
def test_whatever_its_body_says_the_same_request_has_the_same_answer(
    path: str, fields: dict[str, Any]
) -> None:
    async def run() -> None:
        harness = Harness()
        answering(harness, *ANSWERS)
        async with serving(harness) as client:
            # The same members in another order and spelling.
            sent = [
                json.dumps(fields),
                json.dumps(dict(reversed(fields.items())), indent=1, ensure_ascii=False),
            ]
            said = [
                await client.post(
                    path,
                    content=body.encode("utf-8", "surrogatepass"),
                    headers={"content-type": "application/json"},
                )
                for body in sent
            ]

        assert [each.headers["x-cache"] for each in said] == ["MISS", "HIT-EXACT"]
        assert said[0].content == said[1].content

    asyncio.run(run())
