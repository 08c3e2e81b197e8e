"""A secret without its address: a deployment stores it before the next version is there."""

import json

import pytest

from llm_cache_proxy.bootstrap.functions.settings import ADDRESSES
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import read_settings

GIVEN = {"GROQ_API_KEY": "g"}
KEYS = json.dumps({"groq": "k"})
OF_THE_NEXT_VERSION = {
    "UPSTREAM_API_KEY": "k",
    "UPSTREAM_KEYS": KEYS,
    "UPSTASH_REDIS_REST_TOKEN": "t",
}


def test_every_secret_that_needs_an_address_is_named() -> None:
    assert ADDRESSES.keys() == OF_THE_NEXT_VERSION.keys()


@pytest.mark.parametrize("name", OF_THE_NEXT_VERSION)
def test_a_function_that_serves_by_other_settings_starts_without_it(name: str) -> None:
    secrets = {**GIVEN, name: OF_THE_NEXT_VERSION[name]}

    settings = read_settings(secrets, addresses=ADDRESSES)

    assert getattr(settings, name.lower()) is None
    with pytest.raises(SettingsError, match=name):  # a person who types it is told
        read_settings(secrets)


@pytest.mark.parametrize("in_tuning", [True, False])
def test_with_its_address_it_is_read(*, in_tuning: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    address = {"UPSTREAM_BASE_URL": "https://api.example/v1"}
    secrets = {**GIVEN, "UPSTREAM_API_KEY": "k"}
    if in_tuning:
        secrets["TUNING"] = json.dumps(address)
    else:
        monkeypatch.setenv(*address.popitem())

    settings = read_settings(secrets, addresses=ADDRESSES)

    assert settings.upstream_api_key is not None
