"""Facts about keys that verify themselves."""

import pytest

from llm_cache_proxy.domain.client_keys.key_ring import Client, KeyRing, presented_key
from llm_cache_proxy.domain.errors import NotPermitted

NEW, OLD = b"n" * 32, b"o" * 32
KEY_ID = "0123456789abcdef"
RING = KeyRing(NEW)


def test_a_key_says_whose_it_is_and_proves_it() -> None:
    key = RING.issue("acme", KEY_ID)

    assert key.startswith(f"lcp_acme.{KEY_ID}.")
    assert RING.verified(key) == Client("acme", KEY_ID)


def test_a_key_of_the_previous_secret_is_accepted_while_it_is_replaced() -> None:
    key = KeyRing(OLD).issue("acme", KEY_ID)

    assert KeyRing(NEW, OLD).verified(key) == Client("acme", KEY_ID)
    with pytest.raises(NotPermitted):
        RING.verified(key)


def test_new_keys_are_signed_with_the_new_secret() -> None:
    assert RING.verified(KeyRing(NEW, OLD).issue("acme", KEY_ID)).tenant == "acme"


def forged() -> list[str]:
    key = RING.issue("acme", KEY_ID)
    tenant, key_id, signature = key.removeprefix("lcp_").split(".")
    return [
        "",
        "sk-abc",
        key.removeprefix("lcp_"),
        key[:-1],
        key + "A",
        f"lcp_other.{key_id}.{signature}",
        f"lcp_{tenant}.{'f' * 16}.{signature}",
        f"lcp_{tenant}.{key_id.upper()}.{signature}",
        f"lcp_{tenant}.{key_id}.",
        f"lcp_{tenant}.{key_id}.{signature}=",
        f"lcp_{tenant}.{key_id}.{signature}.{signature}",
        f"lcp_.{key_id}.{signature}",
        f"lcp_{tenant}.{key_id}.{'é' * 43}",
        f"lcp_{tenant}\n.{key_id}.{signature}",
    ]


@pytest.mark.parametrize("key", forged())
def test_every_unsigned_key_gets_the_same_refusal_which_does_not_repeat_it(key: str) -> None:
    with pytest.raises(NotPermitted) as refused:
        RING.verified(key)

    assert (refused.value.status, refused.value.code) == (401, "invalid_api_key")
    assert not key or key not in refused.value.message


@pytest.mark.parametrize("tenant", ["", "a.b", "-a", "a/b", "ä", "a" * 65, "a\n"])
def test_a_tenant_whose_name_a_key_cannot_carry_gets_none(tenant: str) -> None:
    with pytest.raises(ValueError, match="carry"):
        RING.issue(tenant, KEY_ID)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "lcp_a.b.c"])
def test_a_request_without_a_key_learns_how_to_send_one(header: str) -> None:
    with pytest.raises(NotPermitted, match="Bearer") as refused:
        presented_key({"authorization": header})

    assert refused.value.code == "missing_api_key"


@pytest.mark.parametrize("header", ["Bearer k", "bearer  k ", "BEARER k"])
def test_the_key_is_what_follows_the_scheme(header: str) -> None:
    assert presented_key({"authorization": header}) == "k"


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Basic abc"}])
def test_anthropics_header_brings_a_key_as_well(headers: dict[str, str]) -> None:
    assert presented_key({**headers, "x-api-key": " k "}) == "k"


def test_of_two_keys_the_bearer_counts() -> None:
    assert presented_key({"authorization": "Bearer k", "x-api-key": "other"}) == "k"


def test_the_secrets_are_not_shown() -> None:
    assert "nnn" not in repr(KeyRing(NEW, OLD))
