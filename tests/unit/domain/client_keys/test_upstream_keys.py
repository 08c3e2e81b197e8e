"""Facts about keys for the upstream that clients bring themselves."""

import pytest

from llm_cache_proxy.domain.client_keys.upstream_keys import ACCOUNT_HEADERS, HEADER, UpstreamKeys
from llm_cache_proxy.domain.errors import NotPermitted

KEYS = UpstreamKeys(b"s" * 32)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer sk-own"},
        {"x-api-key": " sk-own "},
        {"authorization": "Basic abc", "x-api-key": "sk-own"},
        {HEADER: "sk-own", "authorization": "Bearer other", "x-api-key": "other"},
    ],
)
def test_a_key_is_found_where_clients_of_either_api_put_it(headers: dict[str, str]) -> None:
    assert KEYS.presented(headers, keyed=False).value == "sk-own"


@pytest.mark.parametrize(
    "headers",
    [{}, {HEADER: " "}, {"authorization": "Bearer "}, {"authorization": "Bearer lcp_acme.0.0"}],
)
def test_without_one_a_client_learns_how_to_send_it(headers: dict[str, str]) -> None:
    with pytest.raises(NotPermitted, match=HEADER) as refused:
        KEYS.presented(headers, keyed=False)

    assert refused.value.code == "missing_upstream_key"


def test_beside_a_client_key_it_has_a_header_of_its_own() -> None:
    with pytest.raises(NotPermitted):
        KEYS.presented({"authorization": "Bearer sk-own", "x-api-key": "sk-own"}, keyed=True)

    assert KEYS.presented({HEADER: "sk-own"}, keyed=True).value == "sk-own"


def account(key: str, headers: dict[str, str] | None = None, keys: UpstreamKeys = KEYS) -> str:
    return keys.presented({HEADER: key, **(headers or {})}, keyed=True).account


def test_an_account_is_the_same_for_the_same_key_and_another_for_another() -> None:
    assert account("sk-own") == account("sk-own")
    assert (
        len({account("sk-own"), account("sk-other"), account("sk-own", keys=UpstreamKeys(b"t"))})
        == 3
    )


@pytest.mark.parametrize("name", ACCOUNT_HEADERS)
def test_one_key_may_have_several_accounts(name: str) -> None:
    assert account("sk-own", {name: "org-1"}) != account("sk-own")


def test_a_key_cannot_be_taken_for_another_with_an_account() -> None:
    one = account("sk-own", {"anthropic-workspace-id": "2:xy"})
    other = account("sk-own4:2:xy")

    assert one != other


def test_neither_key_nor_secret_is_shown() -> None:
    key = KEYS.presented({HEADER: "sk-own"}, keyed=True)

    assert "sk-own" not in repr(key)
    assert "sk-own" not in key.account
    assert "ssss" not in repr(KEYS)
