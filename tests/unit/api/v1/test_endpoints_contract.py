"""What every endpoint of one answer does as chat does: one test, all of them.

Those that CACHED_PATHS names, and those that are always cached.
"""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from unit.api.v1.test_named_paths import AUDIO, answering, serving
from unit.pipeline.harness import Harness

ENDPOINTS: dict[str, dict[str, Any]] = {
    "/moderations": {"json": {"model": "m", "input": "x"}},
    "/rerank": {"json": {"model": "m", "query": "q", "documents": ["a", "b"]}},
    "/images/generations": {"json": {"model": "m", "prompt": "a cat", "seed": 7}},
    "/audio/transcriptions": {"data": {"model": "m"}, "files": AUDIO},
    "/audio/translations": {"data": {"model": "m"}, "files": AUDIO},
    "/embeddings": {"json": {"model": "m", "input": "x"}},
    "/messages/count_tokens": {
        "json": {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    },
}
WHOLE = {"data": [{"b64_json": "AAAA", "embedding": [0.5]}], "input_tokens": 3}
"""What each of them needs to be a whole answer."""
ANSWERS = ({"results": [1], **WHOLE}, {"results": [2], **WHOLE})
EACH = pytest.mark.parametrize("path", ENDPOINTS)
BUT_COUNTING = pytest.mark.parametrize("path", list(ENDPOINTS)[:-1])
"""Counting tokens has no streams and costs none."""
RING = KeyRing(b"s" * 32)
KEY_ID = "00000000000000aa"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1).filter(
    lambda name: name not in {"model", "stream", "file"}
)
BODIES = st.dictionaries(st.text().filter(lambda n: n not in {"model", "stream"}), VALUES)


async def asked(client: httpx.AsyncClient, path: str, **changes: Any) -> httpx.Response:
    return await client.post(path, **ENDPOINTS[path], **changes)


def of(tenant: str) -> dict[str, str]:
    """The headers of a tenant's client, whose key has one id everywhere."""
    return {"authorization": f"Bearer {RING.issue(tenant, KEY_ID)}"}


async def keyed(*tenants: str, limits: Limits | None = None) -> Harness:
    harness = Harness()
    for tenant in tenants:
        record = KeyRecord(name="k", created_at=1, limits=limits or Limits())
        assert await harness.exact.write_key(tenant, KEY_ID, record)
    return harness


@EACH
async def test_a_hit_is_the_answer_as_the_miss_gave_it(path: str) -> None:
    harness = Harness()
    answering(harness, *ANSWERS)

    async with serving(harness) as client:
        miss, hit = [await asked(client, path) for _ in range(2)]

    assert miss.json() == ANSWERS[0]
    assert hit.content == miss.content
    assert hit.headers["content-type"] == miss.headers["content-type"]
    assert [each.headers["x-cache"] for each in (miss, hit)] == ["MISS", "HIT-EXACT"]
    assert (hit.headers["x-cache-reason"], hit.headers["age"]) == ("identical", "0")
    assert harness.upstream.calls[0].path == path
    counted = harness.exact.counted()
    assert (counted["misses"], counted["exact_hits"]) == (1, 1)


@EACH
@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"x-bypass-cache": "true"}, ["BYPASS", "BYPASS", "MISS"]),
        ({"cache-control": "no-store"}, ["MISS", "MISS", "MISS"]),
        ({"x-cache-mode": "refresh"}, ["MISS", "MISS", "HIT-EXACT"]),
        ({"cache-control": "only-if-cached"}, [504, 504, "MISS"]),
        ({"x-cache-namespace": "a"}, ["MISS", "HIT-EXACT", "MISS"]),
    ],
)
async def test_a_request_may_narrow_what_is_read_and_kept(
    path: str, headers: dict[str, str], told: list[str | int]
) -> None:
    harness = Harness()
    answering(harness, *ANSWERS, ANSWERS[0])

    async with serving(harness) as client:
        answers = [await asked(client, path, headers=headers) for _ in range(2)]
        answers.append(await asked(client, path))

    said = [each.headers["x-cache"] if each.is_success else each.status_code for each in answers]
    assert said == told


@BUT_COUNTING
async def test_a_streamed_request_bypasses_the_cache(path: str) -> None:
    harness = Harness()
    answering(harness, *ANSWERS)
    kind, sent = next((k, v) for k, v in ENDPOINTS[path].items() if k != "files")
    streamed = {**ENDPOINTS[path], kind: {**sent, "stream": "true" if kind == "data" else True}}

    async with serving(harness) as client:
        answers = [await client.post(path, **streamed) for _ in range(2)]

    assert [each.headers["x-cache"] for each in answers] == ["BYPASS", "BYPASS"]
    assert [each.json() for each in answers] == list(ANSWERS)


@EACH
@pytest.mark.parametrize("status", [400, 500])
async def test_an_error_is_passed_on_and_not_kept(path: str, status: int) -> None:
    harness = Harness()
    error = {"error": {"message": "no", "type": "t"}}
    answering(harness, error, status=status)
    answering(harness, ANSWERS[0])

    async with serving(harness) as client:
        failed, again = [await asked(client, path) for _ in range(2)]

    assert (failed.status_code, failed.headers["x-cache"]) == (status, "ERROR")
    assert failed.json()["error"]["message"] == "no"
    assert (again.headers["x-cache"], again.json()) == ("MISS", ANSWERS[0])


@EACH
async def test_half_an_answer_is_passed_on_and_not_kept(path: str) -> None:
    harness = Harness()
    harness.upstream.queue([b'{"results": ['])
    answering(harness, ANSWERS[0])

    async with serving(harness) as client:
        half, again = [await asked(client, path) for _ in range(2)]

    assert half.content == b'{"results": ['
    assert (again.headers["x-cache"], again.json()) == ("MISS", ANSWERS[0])


@EACH
async def test_a_body_over_the_limit_is_refused(path: str) -> None:
    harness = Harness()
    sent = dict(ENDPOINTS[path])
    kind = next(kind for kind in sent if kind != "files")
    sent[kind] = {**sent[kind], "more": "x" * 100_000}

    async with serving(harness) as client:
        refused = await client.post(path, **sent)

    assert refused.status_code == 413
    assert harness.upstream.calls == []


@EACH
async def test_without_a_key_nothing_is_answered_where_keys_are_needed(path: str) -> None:
    harness = Harness()

    async with serving(harness, key_ring=RING) as client:
        refused = await asked(client, path)

    assert refused.status_code == 401
    assert harness.upstream.calls == []


@EACH
async def test_other_tenants_never_share_an_answer(path: str) -> None:
    harness = await keyed("acme", "other")
    answering(harness, *ANSWERS)

    async with serving(harness, key_ring=RING) as client:
        answers = [
            await asked(client, path, headers=of(tenant))
            for tenant in ("acme", "other", "acme", "other")
        ]

    assert [each.headers["x-cache"] for each in answers] == ["MISS"] * 2 + ["HIT-EXACT"] * 2
    assert [each.json() for each in answers] == list(ANSWERS) * 2


@EACH
async def test_a_keys_limit_by_minute_counts_hits_too(path: str) -> None:
    harness = await keyed("acme", limits=Limits(requests_per_minute=2))
    answering(harness, *ANSWERS)

    async with serving(harness, key_ring=RING) as client:
        answers = [await asked(client, path, headers=of("acme")) for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert len(harness.upstream.calls) == 1


@BUT_COUNTING
async def test_a_key_without_budget_has_what_is_stored_and_nothing_else(path: str) -> None:
    harness = await keyed("acme")
    answering(harness, *ANSWERS)

    async with serving(harness, key_ring=RING) as client:
        await asked(client, path, headers=of("acme"))
        spent = KeyRecord(name="k", created_at=1, limits=Limits(tokens_per_day=1))
        held = harness.exact.keys["acme", KEY_ID].record
        assert await harness.exact.write_key("acme", KEY_ID, spent, instead_of=held)
        hit = await asked(client, path, headers=of("acme"))
        refused = await asked(client, path, headers={**of("acme"), "x-cache-namespace": "b"})

    assert (hit.status_code, hit.headers["x-cache"]) == (200, "HIT-EXACT")
    assert refused.status_code == 429
    assert len(harness.upstream.calls) == 1


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


async def told(path: str, *sent: dict[str, Any]) -> list[httpx.Response]:
    """What one server says to each of these requests."""
    harness = Harness()
    answering(harness, *ANSWERS)
    async with serving(harness) as client:
        return [await client.post(path, **each) for each in sent]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["/moderations", "/rerank", "/images/generations"]), BODIES)
def test_whatever_its_body_says_the_same_request_has_the_same_answer(
    path: str, fields: dict[str, Any]
) -> None:
    fields = {**fields, "seed": 7}
    # The same members in another order and spelling.
    spelt = [
        json.dumps(fields),
        json.dumps(dict(reversed(fields.items())), indent=1, ensure_ascii=False),
    ]
    sent = [
        {
            "content": body.encode("utf-8", "surrogatepass"),
            "headers": {"content-type": "application/json"},
        }
        for body in spelt
    ]

    said = asyncio.run(told(path, *sent))

    assert [each.headers["x-cache"] for each in said] == ["MISS", "HIT-EXACT"]
    assert said[0].content == said[1].content


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["/audio/transcriptions", "/audio/translations"]),
    st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"])), max_size=4),
    st.binary(max_size=200),
    st.binary(max_size=200),
)
def test_whatever_a_form_says_its_answer_is_that_of_its_fields_and_its_file(
    path: str, fields: dict[str, str], sound: bytes, other: bytes
) -> None:
    # Each has a boundary of its own.
    said = asyncio.run(
        told(
            path,
            {"data": fields, "files": {"file": ("talk.mp3", sound)}},
            {"data": dict(reversed(fields.items())), "files": {"file": ("call.mp3", sound)}},
            {"data": fields, "files": {"file": ("talk.mp3", other)}},
        )
    )

    third = "HIT-EXACT" if sound == other else "MISS"
    assert [each.headers["x-cache"] for each in said] == ["MISS", "HIT-EXACT", third]
    assert said[0].content == said[1].content
    assert said[2].json() == ANSWERS[third == "MISS"]
