"""Which embedder the settings name, and where its vectors are kept."""

import pytest

from llm_cache_proxy.adapters.embedder.bedrock import BedrockEmbedder
from llm_cache_proxy.adapters.embedder.openai import OpenAIEmbedder
from llm_cache_proxy.adapters.embedder.qdrant import QdrantEmbedder
from llm_cache_proxy.bootstrap.clients import service
from llm_cache_proxy.bootstrap.embedders import (
    collection_name,
    collection_of,
    known_dimensions,
    model_threads,
    remote_embedder,
)
from llm_cache_proxy.bootstrap.functions.provisioning import provision
from llm_cache_proxy.bootstrap.parts import cloud_parts
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings, read_settings

OPENAI = {
    "EMBEDDER": "openai",
    "EMBEDDING_BASE_URL": "https://api.example/v1",
    "EMBEDDING_MODEL": "text-embedding-3-small",
}
BEDROCK = {"EMBEDDER": "bedrock", "EMBEDDING_MODEL": "amazon.titan-embed-text-v2:0"}
QDRANT = {
    "EMBEDDER": "Qdrant",
    "EMBEDDING_MODEL": "sentence-transformers/all-MiniLM-L6-v2",
    "EMBEDDING_DIMENSIONS": "384",
    "QDRANT_URL": "https://q.example",
}
KINDS = {"openai": OPENAI, "bedrock": BEDROCK, "qdrant": QDRANT}


BY_URL = {"EMBEDDING_URL": "bedrock:amazon.titan-embed-text-v2:0", "EMBEDDING_FUNCTION": ""}


def test_a_model_of_bedrock_may_be_named_in_one_word() -> None:
    settings = read_settings(BY_URL)

    assert settings == read_settings(BEDROCK) == read_settings({**BY_URL, **BEDROCK})
    assert settings.embedding_url is None


@pytest.mark.parametrize(
    ("given", "cores", "threads"),
    [
        ({}, 1, 1),
        ({}, 2, 2),
        ({}, 64, 2),
        ({"WORKERS": "2"}, 2, 1),
        ({"WORKERS": "2"}, 4, 2),
        ({"WORKERS": "8"}, 2, 1),
        ({"EMBEDDING_THREADS": ""}, 2, 2),
        ({"EMBEDDING_THREADS": "1"}, 2, 1),
        ({"EMBEDDING_THREADS": "4"}, 1, 4),
    ],
)
def test_two_threads_make_a_vector_where_each_worker_has_two_cores(
    given: dict[str, str], cores: int, threads: int
) -> None:
    assert model_threads(read_settings(given), cores) == threads


def without(given: dict[str, str], name: str) -> dict[str, str]:
    return {each: value for each, value in given.items() if each != name}


@pytest.mark.parametrize(
    ("given", "kind", "embedder_id"),
    [
        (OPENAI, OpenAIEmbedder, "openai/text-embedding-3-small"),
        (
            {**OPENAI, "EMBEDDING_DIMENSIONS": "512"},
            OpenAIEmbedder,
            "openai/text-embedding-3-small/512",
        ),
        ({**OPENAI, "EMBEDDER_ID": "ours"}, OpenAIEmbedder, "openai/ours"),
        (BEDROCK, BedrockEmbedder, "bedrock/amazon.titan-embed-text-v2:0"),
        (QDRANT, QdrantEmbedder, "qdrant/sentence-transformers/all-MiniLM-L6-v2/384"),
    ],
)
def test_an_embedder_is_named_by_its_kind_its_model_and_its_dimensions(
    given: dict[str, str], kind: type, embedder_id: str
) -> None:
    found = remote_embedder(read_settings(given))

    assert found is not None
    assert isinstance(found[0], kind)
    assert found[0].embedder_id == embedder_id


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (without(OPENAI, "EMBEDDING_MODEL"), "EMBEDDER=openai needs EMBEDDING_MODEL"),
        (without(OPENAI, "EMBEDDING_BASE_URL"), "EMBEDDER=openai needs EMBEDDING_BASE_URL"),
        (without(OPENAI, "EMBEDDER"), "EMBEDDING_BASE_URL needs EMBEDDER"),
        (without(BEDROCK, "EMBEDDER"), "EMBEDDING_MODEL needs EMBEDDER"),
        (without(BEDROCK, "EMBEDDING_MODEL"), "EMBEDDER=bedrock needs EMBEDDING_MODEL"),
        (without(QDRANT, "QDRANT_URL"), "EMBEDDER=qdrant needs QDRANT_URL"),
        (without(QDRANT, "EMBEDDING_DIMENSIONS"), "EMBEDDER=qdrant needs EMBEDDING_DIMENSIONS"),
        (
            {**OPENAI, "EMBEDDING_URL": "bedrock:amazon.titan-embed-text-v2:0"},
            "set EMBEDDING_URL=bedrock:MODEL or EMBEDDER, not both",
        ),
        (
            {"EMBEDDING_URL": "bedrock:cohere.embed-english-v3", "EMBEDDING_MODEL": "other"},
            "set EMBEDDING_URL=bedrock:MODEL or EMBEDDING_MODEL, not both",
        ),
        ({"EMBEDDING_URL": "bedrock:"}, "EMBEDDING_MODEL"),
        ({"EMBEDDER": "gpt"}, "EMBEDDER: expected 'minilm', 'openai', 'bedrock' or 'qdrant'"),
    ],
)
def test_what_an_embedder_lacks_is_reported_at_the_start(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(given)


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({**OPENAI, "EMBEDDING_API_KEY": "hunter2\n"})

    assert "EMBEDDING_API_KEY: expected a key of printable ASCII" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_minilms_vectors_share_the_configured_collection() -> None:
    for given in ({}, {"EMBEDDING_URL": "https://e"}, {"EMBEDDING_FUNCTION": "f"}):
        settings = read_settings({**given, "QDRANT_COLLECTION": "prompts"})

        assert collection_name(settings) == "prompts"
        assert known_dimensions(settings) == 384


def test_every_other_embedder_has_a_collection_of_its_own() -> None:
    given = [*KINDS.values(), {**OPENAI, "EMBEDDING_DIMENSIONS": "512"}]
    given += [{**OPENAI, "EMBEDDING_MODEL": "text-embedding-3 small"}]

    names = [collection_name(read_settings(each)) for each in given]

    assert len({*names}) == len(given)
    assert names[0].startswith("llm_cache_proxy.openai-text-embedding-3-small.")
    assert all(name.replace(".", "").replace("-", "").replace("_", "").isalnum() for name in names)


@pytest.mark.parametrize("embedder_id", ["minilm-l6-v2/onnx-fp32", "http:https://e", "openai"])
def test_an_id_of_no_such_embedder_belongs_to_the_configured_collection(embedder_id: str) -> None:
    assert collection_of(Settings(), embedder_id) == "llm_cache_proxy"


def test_dimensions_are_known_where_they_are_set() -> None:
    assert known_dimensions(read_settings(OPENAI)) is None
    assert known_dimensions(read_settings({**OPENAI, "EMBEDDING_DIMENSIONS": "512"})) == 512


def test_a_threshold_of_minilms_is_doubted_for_another_model() -> None:
    doubts = read_settings(OPENAI).doubts()

    assert any("eval --wrong-share" in doubt for doubt in doubts)
    assert read_settings({**OPENAI, "SIMILARITY_THRESHOLD": "0.8"}).doubts() == []


def test_an_address_without_a_path_is_doubted() -> None:
    given = {**OPENAI, "EMBEDDING_BASE_URL": "http://ollama:11434", "SIMILARITY_THRESHOLD": "0.8"}

    assert read_settings(given).doubts() == [
        "EMBEDDING_BASE_URL has no path; most APIs are below http://ollama:11434/v1"
    ]


def test_the_proxys_own_model_is_offered_where_it_is_the_embedder() -> None:
    store = {"redis_url": "redis://r", "groq_api_key": "g", "qdrant_url": "https://q"}
    other = {name.lower(): value for name, value in OPENAI.items()}

    own, none = (
        service(settings, cloud_parts(settings))
        for settings in map(
            Settings.model_validate, (store | {"embedding_url": "https://e"}, store | other)
        )
    )

    assert own.embedder is not None
    assert none.embedder is None


async def test_a_collection_of_unknown_dimensions_is_left_to_its_first_vector() -> None:
    settings = read_settings({**OPENAI, "QDRANT_URL": "http://127.0.0.1:9"})

    assert "will be made for the first vector" in await provision(settings)
