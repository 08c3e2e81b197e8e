"""Facts about the names of keys on a Redis."""

from urllib.parse import quote

import pytest

from llm_cache_proxy.adapters.exact_store.redis.names import escaped, names_of


@pytest.mark.parametrize(
    "name",
    ["", "abc123", "a:b", ":", "a::b:", "straße", "²", "a b", "{x}", "a%3Ab", "_.-~", "\ud800:x"],
)
def test_what_is_no_letter_or_digit_is_escaped(name: str) -> None:
    assert escaped(name) == quote(name, safe="", errors="surrogatepass")


def test_no_tenant_has_another_one_s_keys() -> None:
    names = [names_of(tenant).record("key") for tenant in ("a", "a}", "a:x", "{a}", "A", "a%7D")]

    assert len(set(names)) == len(names)
