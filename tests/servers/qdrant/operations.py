"""What each of Qdrant's REST routes does to the collections, and the result it answers with.

Never speaks HTTP: a path's parameters and a JSON body come in, JSON or `Refused` goes out.
"""

from collections import UserDict
from collections.abc import Mapping

from servers.qdrant.filters import Json
from servers.qdrant.memory import Collection, Inference, Refused

Path = Mapping[str, str]


class Collections(UserDict[str, Collection]):
    """Every collection by name; new ones are `strict` unless they are asked for otherwise.

    `inference` computes the vectors of documents; without it Qdrant refuses them.
    """

    strict = True
    inference: Inference | None = None


def list_all(collections: Collections, _path: Path, _body: Json) -> object:
    return {"collections": [{"name": name} for name in collections]}


def exists(collections: Collections, path: Path, _body: Json) -> object:
    return {"exists": path["name"] in collections}


def create(collections: Collections, path: Path, body: Json) -> object:
    name = path["name"]
    if name in collections:
        raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
    vectors = body["vectors"]
    strict = (body.get("strict_mode_config") or {}).get("enabled", collections.strict)
    collections[name] = Collection(
        vectors["size"], vectors["distance"], strict, inference=collections.inference
    )
    return True


def drop(collections: Collections, path: Path, _body: Json) -> object:
    return collections.pop(path["name"], None) is not None


def describe(collections: Collections, path: Path, _body: Json) -> object:
    collection = _found(collections, path)
    return {
        "status": "green",
        "optimizer_status": "ok",
        "indexed_vectors_count": 0,
        "points_count": len(collection.points),
        "segments_count": 1,
        "config": {
            "params": {
                "vectors": {"size": collection.size, "distance": collection.distance},
                "shard_number": 1,
                "replication_factor": 1,
                "write_consistency_factor": 1,
                "on_disk_payload": True,
            },
            "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "indexing_threshold": 10000,
                "flush_interval_sec": 5,
            },
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
            "strict_mode_config": {"enabled": collection.strict},
        },
        "payload_schema": {
            name: {"data_type": schema["type"], "params": schema, "points": 0}
            for name, schema in collection.indexes.items()
        },
    }


def create_index(collections: Collections, path: Path, body: Json) -> object:
    collection = _found(collections, path)
    schema = body["field_schema"]
    collection.indexes[body["field_name"]] = {"type": schema} if isinstance(schema, str) else schema
    return _done(collection)


def drop_index(collections: Collections, path: Path, _body: Json) -> object:
    collection = _found(collections, path)
    collection.indexes.pop(path["field"], None)
    return _done(collection)


def upsert(collections: Collections, path: Path, body: Json) -> object:
    collection = _found(collections, path)
    collection.upsert(body["points"])
    return _done(collection)


def query(collections: Collections, path: Path, body: Json) -> object:
    return {"points": _found(collections, path).query(body)}


def count(collections: Collections, path: Path, body: Json) -> object:
    return {"count": _found(collections, path).count(body)}


def delete(collections: Collections, path: Path, body: Json) -> object:
    collection = _found(collections, path)
    collection.delete(body)
    return _done(collection)


def scroll(collections: Collections, path: Path, body: Json) -> object:
    page, following = _found(collections, path).scroll(body)
    return {"points": page, "next_page_offset": following}


def retrieve(collections: Collections, path: Path, body: Json) -> object:
    return _found(collections, path).retrieve(body)


def _found(collections: Collections, path: Path) -> Collection:
    name = path["name"]
    if name not in collections:
        raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
    return collections[name]


def _done(collection: Collection) -> object:
    return {"operation_id": collection.operations, "status": "completed"}
