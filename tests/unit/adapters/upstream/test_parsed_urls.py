"""An upstream's address is parsed once, and what is a client's own is not kept."""

import pytest

from llm_cache_proxy.adapters.upstream.http_calls import ParsedUrls

CHAT = "https://upstream.example/v1/chat/completions"


def test_an_address_is_parsed_once() -> None:
    urls = ParsedUrls()

    assert urls.of(CHAT) is urls.of(CHAT)
    assert str(urls.of(CHAT)) == CHAT


@pytest.mark.parametrize("url", [f"{CHAT}?api_key=secret", f"{CHAT}/{'a' * 300}"])
def test_a_clients_query_or_a_long_path_is_not_kept(url: str) -> None:
    urls = ParsedUrls()

    assert urls.of(url) is not urls.of(url)
    assert str(urls.of(url)) == url
