"""The test server answers like Qdrant: driven by Qdrant's client, compared with its local mode."""

import random
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from samples.stores.vectors import random_vector
from servers.asgi import serving
from servers.qdrant.rest_server import QdrantRest

NAME = "things"
VECTORS = models.VectorParams(size=384, distance=models.Distance.COSINE)


@pytest.fixture
def server() -> QdrantRest:
    return QdrantRest()


@pytest.fixture
async def url(server: QdrantRest) -> AsyncIterator[str]:
    async with serving(server) as base_url:
        yield base_url


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncQdrantClient]:
    made = AsyncQdrantClient(url=url, check_compatibility=False)
    yield made
    await made.close()


def condition(chance: random.Random) -> models.Condition:
    kind = chance.choice(["group", "tags", "any", "size", "nested"])
    if kind == "group":
        return _match("group", models.MatchValue(value=chance.choice("abc")))
    if kind == "tags":
        return _match("tags", models.MatchValue(value=chance.choice("xyz")))
    if kind == "any":
        return _match("group", models.MatchAny(any=["a", chance.choice("bc")]))
    if kind == "size":
        bound = chance.randrange(100)
        side = chance.choice(["gt", "gte", "lt", "lte"])
        return models.FieldCondition(key="size", range=models.Range(**{side: bound}))
    return models.Filter(should=[condition(chance), condition(chance)])


def _match(key: str, match: models.Match) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=match)


def random_filter(chance: random.Random) -> models.Filter:
    return models.Filter(
        must=[condition(chance) for _ in range(chance.randrange(3))],
        must_not=[condition(chance) for _ in range(chance.randrange(2))],
    )


def random_point(chance: random.Random) -> models.PointStruct:
    payload: dict[str, object] = {
        "group": chance.choice("abcd"),
        "tags": chance.sample("xyz", chance.randrange(4)),
        "size": chance.choice([chance.randrange(100), chance.random() * 100, "12", None, True]),
        "note": "é😀",
    }
    payload.pop(chance.choice(["group", "tags", "size", "note", "nothing"]), None)
    return models.PointStruct(
        id=str(uuid.UUID(int=chance.randrange(40))),
        vector=random_vector(chance),
        payload=payload,
    )


async def answers(client: AsyncQdrantClient, seed: int) -> list[object]:
    """The answers to random operations, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 (the same every time, not a secret)
    shown: list[bool | list[str]] = [True, False, ["group", "size"]]
    answer: list[object] = []
    await client.create_collection(NAME, vectors_config=VECTORS)
    for _ in range(60):
        await client.upsert(NAME, points=[random_point(chance), random_point(chance)])
        if chance.random() < 0.1:
            await client.delete(NAME, points_selector=random_filter(chance))
        found = await client.query_points(
            NAME,
            query=random_vector(chance),
            query_filter=random_filter(chance),
            limit=chance.randrange(1, 8),
            with_payload=chance.choice(shown),
        )
        answer.append([(one.id, round(one.score, 4), one.payload or {}) for one in found.points])
        answer.append((await client.count(NAME, count_filter=random_filter(chance))).count)
        ids = [str(uuid.UUID(int=chance.randrange(40))) for _ in range(3)]
        kept = await client.retrieve(NAME, ids=ids, with_vectors=True)
        answer.append(sorted((str(one.id), repr(one.payload)) for one in kept))
        page, following = await client.scroll(NAME, scroll_filter=random_filter(chance), limit=4)
        answer.append(([(one.id, one.payload) for one in page], following))
    return answer


@pytest.mark.parametrize("seed", range(3))
async def test_random_operations_are_answered_as_by_local_mode(
    server: QdrantRest, client: AsyncQdrantClient, seed: int
) -> None:
    server.collections.strict = False
    local = AsyncQdrantClient(location=":memory:")

    result = await answers(client, seed)

    assert result == await answers(local, seed)
    assert (
        sum(bool(answer) for answer in result) > len(result) / 2
    )  # most questions found something
    await local.close()


async def test_a_collection_lives_from_its_making_to_its_dropping(
    client: AsyncQdrantClient,
) -> None:
    assert not await client.collection_exists(NAME)

    await client.create_collection(NAME, vectors_config=VECTORS)
    info = await client.get_collection(NAME)

    assert await client.collection_exists(NAME)
    assert [one.name for one in (await client.get_collections()).collections] == [NAME]
    assert info.config.params.vectors == VECTORS
    with pytest.raises(UnexpectedResponse) as conflict:
        await client.create_collection(NAME, vectors_config=VECTORS)
    assert conflict.value.status_code == 409

    assert await client.delete_collection(NAME)
    with pytest.raises(UnexpectedResponse) as missing:
        await client.get_collection(NAME)
    assert missing.value.status_code == 404


@pytest.mark.parametrize("operation", ["query", "count", "delete", "scroll"])
async def test_strict_mode_refuses_every_filter_on_a_field_without_an_index(
    client: AsyncQdrantClient, operation: str
) -> None:
    await client.create_collection(NAME, vectors_config=VECTORS)
    by_group = models.Filter(must=[_match("group", models.MatchValue(value="a"))])

    async def ask() -> None:
        if operation == "query":
            await client.query_points(NAME, query=[0.1] * 384, query_filter=by_group)
        elif operation == "count":
            await client.count(NAME, count_filter=by_group)
        elif operation == "delete":
            await client.delete(NAME, points_selector=by_group)
        else:
            await client.scroll(NAME, scroll_filter=by_group)

    with pytest.raises(UnexpectedResponse) as refused:
        await ask()
    assert refused.value.status_code == 400
    assert b'Index required but not found for \\"group\\"' in refused.value.content

    await client.create_payload_index(NAME, "group", models.PayloadSchemaType.INTEGER)
    with pytest.raises(UnexpectedResponse):  # an index of the wrong type is none
        await ask()

    await client.create_payload_index(NAME, "group", models.PayloadSchemaType.KEYWORD)
    await ask()


async def test_a_wrong_dimension_is_refused_when_writing_and_when_asking(
    client: AsyncQdrantClient,
) -> None:
    await client.create_collection(NAME, vectors_config=VECTORS)

    with pytest.raises(UnexpectedResponse, match="expected dim: 384, got 3"):
        await client.upsert(NAME, points=[models.PointStruct(id=1, vector=[1.0] * 3)])
    with pytest.raises(UnexpectedResponse, match="expected dim: 384, got 3"):
        await client.query_points(NAME, query=[1.0] * 3)


async def test_an_id_is_a_number_or_a_uuid(client: AsyncQdrantClient) -> None:
    await client.create_collection(NAME, vectors_config=VECTORS)

    with pytest.raises(UnexpectedResponse, match="not a valid point ID"):
        await client.upsert(NAME, points=[models.PointStruct(id="x", vector=[1.0] * 384)])


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("wrong", 403), ("right", 200)])
async def test_an_api_key_opens_everything_but_the_health_checks(
    server: QdrantRest, url: str, key: str | None, status: int
) -> None:
    server.api_key = "right"
    headers = {"api-key": key} if key else {}

    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http:
        closed = await http.get("/collections")
        opened = [await http.get(path) for path in ("/", "/healthz", "/readyz")]

    assert closed.status_code == status
    assert [answer.status_code for answer in opened] == [200, 200, 200]
