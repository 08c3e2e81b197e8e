from collections.abc import Iterator

import pytest

from llm_cache_proxy.adapters.ssm_secrets import ssm_secrets
from llm_cache_proxy.bootstrap.functions.settings import function_settings, operator_settings
from llm_cache_proxy.domain.errors import SettingsError
from servers.aws.boto3_endpoint import boto3_endpoint
from servers.aws.parameters import ParameterStore

PATH = "/lcp/prod/"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParameterStore]:
    parameters = ParameterStore()
    with boto3_endpoint(parameters, "SSM", monkeypatch):
        yield parameters


def test_all_secrets_come_in_one_call_decrypted(store: ParameterStore) -> None:
    store.values = {f"{PATH}REDIS_URL": "redis://r", f"{PATH}ADMIN_KEY": "word"}

    found = ssm_secrets([f"{PATH}REDIS_URL", f"{PATH}ADMIN_KEY"])

    assert found == {"REDIS_URL": "redis://r", "ADMIN_KEY": "word"}
    assert len(store.calls) == 1
    assert store.calls[0]["WithDecryption"] is True


def test_a_parameter_that_does_not_exist_is_a_setting_that_is_not_set(
    store: ParameterStore,
) -> None:
    store.values = {f"{PATH}REDIS_URL": "redis://r"}

    assert ssm_secrets([f"{PATH}REDIS_URL", f"{PATH}GROQ_API_KEY"]) == {"REDIS_URL": "redis://r"}


def test_a_value_that_changes_is_seen_by_the_next_call(store: ParameterStore) -> None:
    store.values = {f"{PATH}ADMIN_KEY": "old"}
    ssm_secrets([f"{PATH}ADMIN_KEY"])

    store.values = {f"{PATH}ADMIN_KEY": "new"}

    assert ssm_secrets([f"{PATH}ADMIN_KEY"]) == {"ADMIN_KEY": "new"}


def test_a_role_that_may_not_read_stops_the_start_and_says_which(store: ParameterStore) -> None:
    store.refused = "AccessDeniedException"

    with pytest.raises(SettingsError, match=r"SECRETS: /lcp/prod/ADMIN_KEY .*AccessDenied"):
        ssm_secrets([f"{PATH}ADMIN_KEY"])


def test_a_service_that_does_not_answer_stops_the_start(
    store: ParameterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:9")

    with pytest.raises(SettingsError, match="cannot be read"):
        ssm_secrets([f"{PATH}ADMIN_KEY"], timeout_seconds=0.2)

    assert store.calls == []


def test_a_functions_settings_are_its_environment_and_its_secrets(
    store: ParameterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.values = {f"{PATH}UPSTASH_REDIS_REST_TOKEN": "word", f"{PATH}ADMIN_KEY": "key"}
    monkeypatch.setenv("UPSTASH_REDIS_REST_URL", "https://u.example")
    monkeypatch.setenv("SECRETS", f"{PATH}UPSTASH_REDIS_REST_TOKEN,{PATH}ADMIN_KEY")

    settings = operator_settings()

    assert settings.upstash_redis_rest_token is not None
    assert settings.upstash_redis_rest_token.get_secret_value() == "word"


def test_without_names_no_call_is_made(
    store: ParameterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETS", "")

    function_settings()

    assert store.calls == []


def test_operators_functions_do_not_start_in_the_open(
    store: ParameterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.values = {f"{PATH}REDIS_URL": "redis://r"}
    monkeypatch.setenv("SECRETS", f"{PATH}REDIS_URL,{PATH}ADMIN_KEY")

    with pytest.raises(SettingsError, match="ADMIN_KEY"):
        operator_settings()


def test_a_secret_that_is_wrong_is_named_and_not_shown(
    store: ParameterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.values = {f"{PATH}REDIS_URL": "http://:password@r"}
    monkeypatch.setenv("SECRETS", f"{PATH}REDIS_URL")

    with pytest.raises(SettingsError) as caught:
        function_settings()

    assert "REDIS_URL: expected a URL that starts with redis://" in str(caught.value)
    assert "password" not in str(caught.value)
