"""Provisions the collection: its vectors, and the payload indexes that every filter needs.

Imports qdrant-client (0.7 s), so it is itself imported on first use only. Never changes or
deletes a collection that holds something else; it refuses it.
"""

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from llm_cache_proxy.adapters.vector_store.qdrant.filters import INTEGER_FIELDS, KEYWORD_FIELDS
from llm_cache_proxy.adapters.vector_store.qdrant.server.errors import is_conflict
from llm_cache_proxy.domain.errors import OtherDimensions

PAYLOAD_INDEXES: dict[str, models.PayloadSchemaType | models.KeywordIndexParams] = {
    "tenant": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    **dict.fromkeys(KEYWORD_FIELDS, models.PayloadSchemaType.KEYWORD),
    **dict.fromkeys(INTEGER_FIELDS, models.PayloadSchemaType.INTEGER),
}
"""Every field that a filter names; strict mode refuses filters on any other."""


async def provision(client: AsyncQdrantClient, name: str, dimensions: int) -> None:
    """Make the collection and what it lacks; done twice is done once.

    Raises `OtherDimensions` where the name belongs to a collection of another shape.
    """
    if not await client.collection_exists(name):
        await _create(client, name, dimensions)
    info = await client.get_collection(name)
    _check_vectors(name, info.config.params.vectors, dimensions)
    for field, schema in PAYLOAD_INDEXES.items():
        if field not in info.payload_schema:
            await client.create_payload_index(name, field_name=field, field_schema=schema)


async def check(client: AsyncQdrantClient, name: str, dimensions: int) -> None:
    """Raise `OtherDimensions` where the collection takes no vectors of `dimensions`."""
    info = await client.get_collection(name)
    _check_vectors(name, info.config.params.vectors, dimensions)


async def _create(client: AsyncQdrantClient, name: str, dimensions: int) -> None:
    vectors = models.VectorParams(size=dimensions, distance=models.Distance.COSINE)
    try:
        await client.create_collection(name, vectors_config=vectors)
    except UnexpectedResponse as exc:
        if not is_conflict(exc):  # another process was a moment earlier
            raise


def _check_vectors(name: str, vectors: object, dimensions: int) -> None:
    if not isinstance(vectors, models.VectorParams):
        found = "named vectors"
    elif (vectors.size, vectors.distance) != (dimensions, models.Distance.COSINE):
        found = f"vectors of {vectors.size} dimensions by {vectors.distance.value} distance"
    else:
        return
    raise OtherDimensions(
        f'the Qdrant collection "{name}" holds {found}, where {dimensions} dimensions by Cosine'
        " distance are needed; choose another collection name, or delete it"
    )
