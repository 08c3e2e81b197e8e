import re
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from llm_cache_proxy.bootstrap.operators import administration
from llm_cache_proxy.bootstrap.roots import completions
from llm_cache_proxy.settings import Settings
from samples.stack import Stack, template

STREAMING = Stack(SecretsPath="/lcp/prod", QdrantUrl="https://q.example")
BUFFERED = Stack(SecretsPath="/lcp/prod", ResponseTransferMode="BUFFERED")

EXACT = {
    "REDIS_URL",
    "UPSTASH_REDIS_REST_URL",
    "UPSTASH_REDIS_REST_TOKEN",
    "EXACT_DEADLINE_SECONDS",
}
SEMANTIC = {"QDRANT_URL", "QDRANT_API_KEY", "QDRANT_COLLECTION"}
DECIDING = {
    *EXACT,
    *SEMANTIC,
    *("SEARCH_DEADLINE_SECONDS", "EMBEDDING_URL", "EMBEDDING_FUNCTION", "EMBEDDER_ID"),
    *("EMBED_DEADLINE_SECONDS", "UPSTREAM_BASE_URL", "UPSTREAM_API_KEY", "GROQ_API_KEY"),
    *("UPSTREAMS", "UPSTREAM_KEYS", "FINISH_LEFT_STREAMS"),
    *("REPLAY_WORDS_PER_SECOND", "FRESH_IDS"),
    *("UPSTREAM_TIMEOUT_SECONDS", "SEMANTIC_CACHE"),
    *("SINGLE_FLIGHT", "SINGLE_FLIGHT_WAIT_SECONDS", "LEASE_SECONDS"),
    *("SEMANTIC_PRESET", "SIMILARITY_THRESHOLD", "GUARD_RULES_OFF"),
    *("SHADOW_RATE", "SHADOW_LIMIT", "SHADOW_AGREEMENT"),
    *("VERIFIER", "VERIFIER_MODEL", "VERIFIER_DEADLINE_SECONDS"),
    *("SEMANTIC_CANDIDATES", "SEMANTIC_WITH_TOOLS", "SEMANTIC_MAX_TEMPERATURE"),
    *("NORMALISE_PROMPTS", "DEFAULT_TTL_SECONDS", "CREATIVE_TTL_SECONDS", "MAX_TTL_SECONDS"),
    *("STALE_IF_ERROR_SECONDS", "STALE_WHILE_REVALIDATE_SECONDS", "REFRESH_AHEAD"),
    "UNCHECKED_REQUESTS_PER_MINUTE",
    "MAX_ANSWER_BYTES",
}
READ_BY: dict[str, set[str]] = {
    "CompletionsFunction": {
        *(
            "LOG_LEVEL",
            "MAX_BODY_BYTES",
            "CORS_ALLOW_ORIGINS",
            "ACCESS_MODE",
            "KEYED_PATHS",
        ),
        *("RECENT_PROMPTS", "METRICS_NAMESPACE"),
        *("KEY_SIGNING_SECRET", "KEY_SIGNING_SECRET_PREVIOUS", *DECIDING),
    },
    "AdminFunction": {"LOG_LEVEL", "ADMIN_KEY", "KEY_SIGNING_SECRET", *DECIDING},
    "MetricsFunction": {"LOG_LEVEL", "ADMIN_KEY", "SEARCH_DEADLINE_SECONDS", *EXACT, *SEMANTIC},
    "ProvisionFunction": {"LOG_LEVEL", *SEMANTIC},
    "EmbeddingFunction": set(),
}
# An address to listen on, folders, and files that a function does not have.
LOCAL_ONLY = {
    *(
        "HOST",
        "ALLOWED_HOSTS",
        "PORT",
        "CONSOLE",
        "DATA_DIR",
        "MODEL_DIR",
        "EMBEDDING_THREADS",
        "LOG_PATH",
        "PRICES_PATH",
        "MAX_ENTRIES",
        "MAX_STORE_BYTES",
        "MIN_FREE_BYTES",
        "MAX_CONNECTIONS",
        "MAX_HEADER_BYTES",
        "HEADER_TIMEOUT_SECONDS",
        "DRAIN_SECONDS",
    ),
}
SECRETS = {
    name.upper()
    for name, field in Settings.model_fields.items()
    if "SecretStr" in str(field.annotation)
}
NAMED_BY_THE_STACK = {"EMBEDDING_FUNCTION", "METRICS_NAMESPACE"}
NO_SETTINGS = re.compile("AWS_.*|SECRETS")


def variables(stack: Stack, function: str) -> dict[str, str]:
    properties = stack.resources[function]["Properties"]
    given: dict[str, str] = properties.get("Environment", {}).get("Variables", {})
    return given


def secret_names(stack: Stack, function: str) -> list[str]:
    listed = variables(stack, function).get("SECRETS", "")
    return [name for name in listed.split(",") if name]


def settings_of(stack: Stack, function: str) -> set[str]:
    plain = {name for name in variables(stack, function) if not NO_SETTINGS.fullmatch(name)}
    return plain | {name.rsplit("/", 1)[1] for name in secret_names(stack, function)}


@pytest.mark.parametrize("function", READ_BY)
def test_a_function_is_given_the_settings_that_it_reads_and_no_others(function: str) -> None:
    assert settings_of(STREAMING, function) == READ_BY[function]


def test_the_functions_together_are_given_every_setting_but_local_ones() -> None:
    given = set().union(*(settings_of(STREAMING, function) for function in READ_BY))

    assert given == {name.upper() for name in Settings.model_fields} - LOCAL_ONLY


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
    ],
)
def test_the_root_reads_nothing_that_the_template_does_not_give(
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

    assert read
    assert read - READ_BY[function] <= LOCAL_ONLY


@pytest.mark.parametrize("function", READ_BY)
def test_no_secret_is_a_variable_of_a_deployed_function(function: str) -> None:
    assert not SECRETS & variables(STREAMING, function).keys()


@pytest.mark.parametrize("function", READ_BY)
def test_secrets_that_are_declared_for_sam_local_are_empty(function: str) -> None:
    if function == "ProvisionFunction":  # sam local provisions nothing
        return

    declared = SECRETS & variables(BUFFERED, function).keys()

    assert declared == SECRETS & READ_BY[function]
    assert {variables(BUFFERED, function)[name] for name in declared} <= {""}


@pytest.mark.parametrize("function", READ_BY)
def test_secrets_are_named_like_the_settings_below_one_path(function: str) -> None:
    for name in secret_names(STREAMING, function):
        assert name.startswith("/lcp/prod/")
        assert name.rsplit("/", 1)[1] in SECRETS


def test_no_parameter_is_a_secret() -> None:
    parameters = {name.lower() for name in template()["Parameters"]}

    assert not {name.lower().replace("_", "") for name in SECRETS} & parameters


@pytest.mark.parametrize("function", READ_BY)
def test_a_setting_comes_from_the_parameter_of_its_name(function: str) -> None:
    parameters = template()["Parameters"]
    for name in settings_of(STREAMING, function) - SECRETS - NAMED_BY_THE_STACK:
        parameter = "".join(part.capitalize() for part in name.split("_"))
        marked = Stack(**{"QdrantUrl": "https://q", parameter: "marked"})

        assert variables(marked, function)[name] == "marked"
        assert parameters[parameter]["Default"] in ("", "INFO")


@pytest.mark.parametrize(
    ("parameters", "mode"),
    [
        ({"SecretsPath": "/lcp/prod"}, "keyed"),
        ({}, "open"),
        ({"SecretsPath": "/lcp/prod", "AccessMode": "open"}, "open"),
        ({"AccessMode": "keyed"}, "keyed"),
    ],
)
def test_a_stack_with_secrets_requires_client_keys_by_default(
    parameters: dict[str, str], mode: str
) -> None:
    assert variables(Stack(**parameters), "CompletionsFunction")["ACCESS_MODE"] == mode


def test_the_embedding_function_is_called_by_its_alias() -> None:
    given = variables(STREAMING, "CompletionsFunction")

    assert given["EMBEDDING_FUNCTION"] == "<EmbeddingFunction.Alias>"


def test_another_embedder_takes_the_place_of_the_function() -> None:
    stack = Stack(EmbeddingUrl="https://embedder.example")

    assert variables(stack, "CompletionsFunction")["EMBEDDING_FUNCTION"] == ""
    assert "EmbeddingFunction" not in stack.resources


def test_variables_stay_within_what_lambda_takes() -> None:
    for function in READ_BY:
        sizes = [len(name) + len(value) for name, value in variables(STREAMING, function).items()]

        assert sum(sizes) < 3_000  # of 4,096 bytes, values to come among them


def test_secret_settings_are_secrets_in_the_model() -> None:
    settings = Settings.model_validate({"redis_url": "redis://:hunter2@r", "admin_key": "hunter2"})

    assert isinstance(settings.redis_url, SecretStr)
    assert "hunter2" not in repr(settings)
