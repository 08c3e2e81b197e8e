import json
import re
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from llm_cache_proxy.bootstrap.clients import completions
from llm_cache_proxy.bootstrap.functions.settings import CLIENT_KEYS, STORE_SHAPES
from llm_cache_proxy.bootstrap.operators import administration
from llm_cache_proxy.settings import Settings, read_settings, secret_setting_names
from samples.stack.template import Stack, template

STREAMING = Stack(SecretsPath="/lcp/prod", QdrantUrl="https://q.example")
BUFFERED = Stack(SecretsPath="/lcp/prod", ResponseTransferMode="BUFFERED")

STORES = {
    *("REDIS_URL", "UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"),
    *("QDRANT_URL", "QDRANT_API_KEY"),
}
DECIDING = {
    *STORES,
    *("EMBEDDING_URL", "EMBEDDING_FUNCTION", "UPSTREAM_BASE_URL", "UPSTREAM_TIMEOUT_SECONDS"),
    *("GROQ_API_KEY", "UPSTREAM_API_KEY", "UPSTREAM_KEYS", "EMBEDDING_API_KEY", "SINGLE_FLIGHT"),
}
GIVEN: dict[str, set[str]] = {
    "CompletionsFunction": {
        *("ACCESS_MODE", "METRICS_NAMESPACE"),
        *("KEY_SIGNING_SECRET", "KEY_SIGNING_SECRET_PREVIOUS", *DECIDING),
    },
    "AdminFunction": {"ADMIN_KEY", "KEY_SIGNING_SECRET", *DECIDING},
    "MetricsFunction": {"ADMIN_KEY", *STORES, "EMBEDDING_URL"},
    "ProvisionFunction": {"QDRANT_URL", "QDRANT_API_KEY", "EMBEDDING_URL"},
    "EmbeddingFunction": set(),
}
TUNED = tuple(name for name in GIVEN if name != "EmbeddingFunction")
SECRETS = secret_setting_names()
NO_SETTINGS = re.compile("AWS_.*|SECRETS|TUNING|TUNING_SOURCE")
PARAMETERS_AT_MOST = 20
NAMES_IN_ONE_CALL = 10  # of SSM's GetParameters


def variables(stack: Stack, function: str) -> dict[str, str]:
    properties = stack.resources[function]["Properties"]
    given: dict[str, str] = properties.get("Environment", {}).get("Variables", {})
    return given


def secret_names(stack: Stack, function: str) -> list[str]:
    listed = variables(stack, function).get("SECRETS", "")
    return [name for name in listed.split(",") if name]


def settings_of(stack: Stack, function: str) -> set[str]:
    named = {name.rsplit("/", 1)[1] for name in secret_names(stack, function)}
    return {
        name for name in {*variables(stack, function), *named} if not NO_SETTINGS.fullmatch(name)
    }


@pytest.mark.parametrize("function", GIVEN)
def test_a_function_is_given_the_addresses_and_secrets_that_it_needs_and_no_others(
    function: str,
) -> None:
    assert settings_of(STREAMING, function) == GIVEN[function]


def test_the_template_has_at_most_twenty_parameters() -> None:
    assert len(template()["Parameters"]) <= PARAMETERS_AT_MOST


@pytest.mark.parametrize("function", TUNED)
def test_everything_else_comes_from_one_parameter_beside_the_secrets(function: str) -> None:
    names = secret_names(STREAMING, function)

    assert names[0] == "/lcp/prod/TUNING"
    assert len(names) <= NAMES_IN_ONE_CALL


SECRET_VALUES = {
    "KEY_SIGNING_SECRET": "a-signing-secret-of-forty-characters-or-so",
    "REDIS_URL": "redis://r:6379/0",
    "ADMIN_KEY": "k",
    "GROQ_API_KEY": "g",
}
UNREAD: dict[str, frozenset[str]] = {
    "MetricsFunction": CLIENT_KEYS,
    "ProvisionFunction": CLIENT_KEYS | STORE_SHAPES,
}


@pytest.mark.parametrize("function", TUNED)
@pytest.mark.parametrize(
    "tuning",
    [
        {"UPSTREAM_KEY_FROM_CLIENT": True},
        {"UPSTREAM_KEY_FROM_CLIENT": True, "ACCESS_MODE": "open"},
        {"ACCESS_MODE": "keyed"},
        {"REDIS_CLUSTER_SLOTS": 64},
    ],
    ids=str,
)
def test_every_function_starts_with_a_tuning_that_asks_for_anothers_secret(
    function: str, tuning: dict[str, object]
) -> None:
    """A function has no secret that it does not use, and all of them share one TUNING."""
    given = {name.rsplit("/", 1)[1] for name in secret_names(STREAMING, function)}
    secrets = {name: value for name, value in SECRET_VALUES.items() if name in given}

    settings = read_settings(
        secrets | {"TUNING": json.dumps(tuning)}, unread=UNREAD.get(function, frozenset())
    )

    if function == "CompletionsFunction":
        service = completions(settings)
        assert (service.upstream_keys is not None) == ("UPSTREAM_KEY_FROM_CLIENT" in tuning)
        assert (service.key_ring is not None) == (tuning.get("ACCESS_MODE") == "keyed")


@pytest.mark.parametrize("function", GIVEN)
def test_a_profile_of_appconfig_is_named_to_every_function_that_is_tuned(function: str) -> None:
    source = "abc1234/environment/def5678/configuration/ghi9012"
    tuned = Stack(TuningSource=source, QdrantUrl="https://q.example")

    found = variables(tuned, function).get("TUNING_SOURCE")

    assert found == (source if function in TUNED else None)
    assert "TUNING_SOURCE" not in variables(STREAMING, function)


@pytest.mark.parametrize("function", TUNED)
def test_a_function_leaves_unread_only_what_asks_for_a_secret_that_it_lacks(function: str) -> None:
    lacking = SECRETS - GIVEN[function]
    asking = dict.fromkeys(CLIENT_KEYS, "KEY_SIGNING_SECRET")
    asking |= dict.fromkeys(STORE_SHAPES, "REDIS_URL")

    assert UNREAD.get(function, frozenset()) == {
        name for name, secret in asking.items() if secret in lacking
    }


@pytest.mark.parametrize("function", TUNED)
def test_under_sam_local_the_tuning_is_a_variable(function: str) -> None:
    if function == "ProvisionFunction":  # sam local provisions nothing
        return

    assert variables(BUFFERED, function)["TUNING"] == ""
    assert "TUNING" not in variables(STREAMING, function)


@pytest.mark.parametrize(
    ("function", "root"),
    [("CompletionsFunction", completions), ("AdminFunction", administration)],
)
@pytest.mark.parametrize(
    "values",
    [
        {"redis_url": "redis://r", "groq_api_key": "g", "embedding_function": "f:live"},
        {
            "upstash_redis_rest_url": "https://u",
            "upstash_redis_rest_token": "t",
            "groq_api_key": "g",
        },
        {
            "redis_url": "redis://r",
            "qdrant_url": "https://q",
            "qdrant_api_key": "k",
            "embedding_url": "https://e",
            "upstream_base_url": "https://u/v1",
            "upstream_api_key": "k",
        },
        {
            "redis_url": "redis://r",
            "qdrant_url": "https://q",
            "groq_api_key": "g",
            "embedder": "openai",
            "embedding_base_url": "https://e/v1",
            "embedding_model": "m",
            "embedding_api_key": "k",
        },
    ],
)
def test_the_root_reads_no_secret_that_the_template_does_not_give(
    function: str, root: Callable[[Settings], object], values: dict[str, str]
) -> None:
    read: set[str] = set()

    class Watched(Settings):
        def __getattribute__(self, name: str) -> object:
            if name in Settings.model_fields:
                read.add(name.upper())
            return super().__getattribute__(name)

    watched = Watched.model_validate(values)
    read.clear()  # validation reads all of them
    root(watched)

    assert read & SECRETS
    assert read & SECRETS <= GIVEN[function]


@pytest.mark.parametrize("function", GIVEN)
def test_no_secret_is_a_variable_of_a_deployed_function(function: str) -> None:
    assert not SECRETS & variables(STREAMING, function).keys()


@pytest.mark.parametrize("function", GIVEN)
def test_secrets_that_are_declared_for_sam_local_are_empty(function: str) -> None:
    if function == "ProvisionFunction":  # sam local provisions nothing
        return

    declared = SECRETS & variables(BUFFERED, function).keys()

    assert declared == SECRETS & GIVEN[function]
    assert {variables(BUFFERED, function)[name] for name in declared} <= {""}


@pytest.mark.parametrize("function", GIVEN)
def test_secrets_are_named_like_the_settings_below_one_path(function: str) -> None:
    for name in secret_names(STREAMING, function):
        assert name.startswith("/lcp/prod/")
        assert name.rsplit("/", 1)[1] in {"TUNING", *SECRETS}


def test_no_parameter_is_a_secret() -> None:
    parameters = {name.lower() for name in template()["Parameters"]}

    assert not {name.lower().replace("_", "") for name in SECRETS} & parameters


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("UpstreamBaseUrl", "UPSTREAM_BASE_URL"),
        ("UpstashRedisRestUrl", "UPSTASH_REDIS_REST_URL"),
        ("QdrantUrl", "QDRANT_URL"),
        ("EmbeddingUrl", "EMBEDDING_URL"),
    ],
)
def test_an_address_comes_from_its_parameter(parameter: str, name: str) -> None:
    for function in GIVEN:
        if name in settings_of(STREAMING, function):
            marked = Stack(**{"QdrantUrl": "https://q", parameter: "marked"})

            assert variables(marked, function)[name] == "marked"


@pytest.mark.parametrize(("path", "mode"), [("/lcp/prod", "keyed"), ("", "open")])
def test_a_stack_with_secrets_asks_clients_for_keys(path: str, mode: str) -> None:
    assert variables(Stack(SecretsPath=path), "CompletionsFunction")["ACCESS_MODE"] == mode


@pytest.mark.parametrize("function", ["CompletionsFunction", "MetricsFunction", "AdminFunction"])
def test_in_a_network_of_its_own_the_exact_tier_is_the_networks_cache(function: str) -> None:
    given = variables(Stack(Network="vpc"), function)

    assert given["REDIS_URL"] == "<PrivateNetwork.Outputs.RedisUrl>"


def test_the_embedding_function_is_called_by_its_alias() -> None:
    given = variables(STREAMING, "CompletionsFunction")

    assert given["EMBEDDING_FUNCTION"] == "<EmbeddingFunction.Alias>"


def test_another_embedder_takes_the_place_of_the_function() -> None:
    stack = Stack(EmbeddingUrl="https://embedder.example")

    assert variables(stack, "CompletionsFunction")["EMBEDDING_FUNCTION"] == ""
    assert "EmbeddingFunction" not in stack.resources


def test_variables_stay_within_what_lambda_takes() -> None:
    for function in GIVEN:
        sizes = [len(name) + len(value) for name, value in variables(STREAMING, function).items()]

        assert sum(sizes) < 3_000  # of 4,096 bytes, values to come among them


def test_secret_settings_are_secrets_in_the_model() -> None:
    settings = Settings.model_validate({"redis_url": "redis://:hunter2@r", "admin_key": "hunter2"})

    assert isinstance(settings.redis_url, SecretStr)
    assert "hunter2" not in repr(settings)
