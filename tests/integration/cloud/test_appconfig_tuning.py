from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from llm_cache_proxy.adapters.appconfig_tuning import AppConfigTuning
from llm_cache_proxy.api.aws.function_app import AFTER_RESTORE, BEFORE_SNAPSHOT
from llm_cache_proxy.bootstrap.functions.completions import completions_app
from llm_cache_proxy.bootstrap.functions.settings import function_settings
from llm_cache_proxy.bootstrap.functions.settings_watch import EVERY_SECONDS, SettingsWatch
from llm_cache_proxy.domain.errors import SettingsError
from servers.aws.app_config import AppConfig
from servers.aws.boto3_endpoint import boto3_endpoint

SOURCE = "abc1234/environment/def5678/configuration/ghi9012"
STRICT = '{"SIMILARITY_THRESHOLD": 0.99}'


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppConfig]:
    app_config = AppConfig()
    with boto3_endpoint(app_config, "APPCONFIGDATA", monkeypatch):
        yield app_config


def test_the_configuration_of_the_named_profile_is_read(service: AppConfig) -> None:
    service.deployed = STRICT

    assert AppConfigTuning(SOURCE).read() == STRICT
    [session] = service.sessions
    assert session["ApplicationIdentifier"] == "abc1234"
    assert session["EnvironmentIdentifier"] == "def5678"
    assert session["ConfigurationProfileIdentifier"] == "ghi9012"


def test_what_has_not_changed_is_sent_and_paid_for_once(service: AppConfig) -> None:
    service.deployed = STRICT
    tuning = AppConfigTuning(SOURCE)

    found = [tuning.read() for _ in range(3)]

    assert found == [STRICT] * 3
    assert service.sent == [STRICT]
    assert len(service.sessions) == 1


def test_a_configuration_that_is_deployed_is_seen_by_the_next_look(service: AppConfig) -> None:
    tuning = AppConfigTuning(SOURCE)
    tuning.read()

    service.deployed = STRICT

    assert tuning.read() == STRICT


def test_a_session_that_has_ended_is_begun_anew(service: AppConfig) -> None:
    tuning = AppConfigTuning(SOURCE)
    tuning.read()

    service.forget()

    assert tuning.read() == "{}"
    assert len(service.sessions) == 2


def test_a_role_that_may_not_read_the_profile_is_reported_by_name(service: AppConfig) -> None:
    service.refused = "AccessDeniedException"

    with pytest.raises(SettingsError, match=rf"TUNING_SOURCE: {SOURCE} .*AccessDenied"):
        AppConfigTuning(SOURCE).read()


def test_a_service_that_does_not_answer_is_given_up(
    service: AppConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_APPCONFIGDATA", "http://127.0.0.1:9")

    with pytest.raises(SettingsError, match="cannot be read"):
        AppConfigTuning(SOURCE, timeout_seconds=0.2).read()

    assert service.sessions == []


_profiles = count(1)


@pytest.fixture
def named(service: AppConfig, monkeypatch: pytest.MonkeyPatch) -> AppConfig:
    """A function's environment that names a profile of this test's own."""
    profile = f"p{next(_profiles):06d}"
    monkeypatch.setenv("TUNING_SOURCE", f"abc1234/environment/def5678/configuration/{profile}")
    return service


def test_a_function_is_tuned_by_the_profile_and_not_by_the_variable(
    named: AppConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    named.deployed = STRICT
    monkeypatch.setenv("TUNING", '{"SIMILARITY_THRESHOLD": 0.5}')

    assert function_settings().similarity_threshold == 0.99


def test_an_instance_that_runs_sees_a_deployed_configuration(named: AppConfig) -> None:
    watching = SettingsWatch(function_settings(), function_settings)

    named.deployed = STRICT
    changed = watching.changed()

    assert changed is not None
    assert changed.similarity_threshold == 0.99
    assert len(named.sessions) == 1


def test_a_wrong_configuration_stops_a_start_and_no_instance_that_runs(named: AppConfig) -> None:
    watching = SettingsWatch(function_settings(), function_settings)

    named.deployed = '{"SIMILARITY_TRESHOLD": 0.99}'

    assert watching.changed() is None
    with pytest.raises(SettingsError, match="SIMILARITY_THRESHOLD may be meant"):
        function_settings()


def test_a_secret_in_a_profile_is_refused(named: AppConfig) -> None:
    named.deployed = '{"ADMIN_KEY": "word"}'

    with pytest.raises(SettingsError, match="ADMIN_KEY is a secret") as caught:
        function_settings()

    assert "word" not in str(caught.value)


def test_a_source_that_is_no_profile_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNING_SOURCE", "my-app")

    with pytest.raises(SettingsError, match="TUNING_SOURCE"):
        function_settings()


SMALL, LARGE = '{"MAX_BODY_BYTES": 1000}', '{"MAX_BODY_BYTES": 4000}'
BODY = {"model": "m", "messages": [{"role": "user", "content": "x" * 2000}]}


async def test_an_instance_restored_from_a_snapshot_looks_in_a_session_of_its_own(
    named: AppConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sees a change back to what its snapshot held, too."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("UPSTREAM_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("UPSTREAM_API_KEY", "key")
    seconds = 0.0
    named.deployed = SMALL
    app = completions_app(now=lambda: seconds)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://function") as client:

        async def is_too_large() -> bool:
            return (await client.post("/v1/chat/completions", json=BODY)).status_code == 413

        await client.post(BEFORE_SNAPSHOT)
        named.deployed = LARGE
        await client.post(AFTER_RESTORE)
        restored = await is_too_large()
        named.deployed = SMALL
        seconds += EVERY_SECONDS
        changed_back = await is_too_large()

    assert (restored, changed_back) == (False, True)
    assert len(named.sessions) == 2
