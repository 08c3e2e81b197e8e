"""Provisions the collection: its vectors, and the payload indexes that every filter needs.

Imports qdrant-client (0.6 s), so it is itself imported on first use only. Never changes or
deletes a collection that holds something else; it refuses it.
"""

from llm_cache_proxy.adapters.qdrant_rest import QdrantApis, UnexpectedResponse, models, result_of
from llm_cache_proxy.adapters.vector_store.qdrant.filters import INTEGER_FIELDS, KEYWORD_FIELDS
from llm_cache_proxy.adapters.vector_store.qdrant.server.errors import is_conflict
from llm_cache_proxy.domain.errors import OtherDimensions

PAYLOAD_INDEXES: dict[str, models.PayloadSchemaType | models.KeywordIndexParams] = {
    "tenant": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    **dict.fromkeys(KEYWORD_FIELDS, models.PayloadSchemaType.KEYWORD),
    **dict.fromkeys(INTEGER_FIELDS, models.PayloadSchemaType.INTEGER),
}
"""Every field that a filter names; strict mode refuses filters on any other."""


async def provision(client: QdrantApis, name: str, dimensions: int) -> None:
    """Make the collection and what it lacks; done twice is done once.

    Raises `OtherDimensions` where the name belongs to a collection of another shape.
    """
    if not result_of(await client.collections_api.collection_exists(name)).exists:
        await _create(client, name, dimensions)
    info = result_of(await client.collections_api.get_collection(name))
    _check_vectors(name, info.config.params.vectors, dimensions)
    for field, schema in PAYLOAD_INDEXES.items():
        if field not in (info.payload_schema or {}):
            index = models.CreateFieldIndex(field_name=field, field_schema=schema)
            result_of(
                await client.indexes_api.create_field_index(
                    name, wait=True, create_field_index=index
                )
            )


async def check(client: QdrantApis, name: str, dimensions: int) -> None:
    """Raise `OtherDimensions` where the collection takes no vectors of `dimensions`."""
    info = result_of(await client.collections_api.get_collection(name))
    _check_vectors(name, info.config.params.vectors, dimensions)


async def _create(client: QdrantApis, name: str, dimensions: int) -> None:
    vectors = models.VectorParams(size=dimensions, distance=models.Distance.COSINE)
    try:
        wanted = models.CreateCollection(vectors=vectors)
        result_of(await client.collections_api.create_collection(name, create_collection=wanted))
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
