"""Facts about the addresses that settings name: what stops a start, and what only warns."""

import pytest

from llm_cache_proxy.bootstrap.parts import remote_exact
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings, read_settings

PASSWORD = "hidden-word"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redis_url", "redis://127.0.0.1:6379/0"),
        ("redis_url", "redis://[::1]:6379"),
        ("redis_url", f"rediss://default:{PASSWORD}@cache.example:6380/2?protocol=3"),
        ("redis_url", "rediss://cache.example?ssl_cert_reqs=none&db=1&socket_timeout=0.5"),
        ("redis_url", "redis://cache.example?socket_timeout=.5&socket_connect_timeout=5."),
        ("redis_url", "rediss://cache.example?ssl_min_version=771&ssl_ciphers=HIGH"),
        ("redis_url", "redis://:back\\slash@cache.example"),
        ("qdrant_url", "https://abc.cloud.qdrant.io:6333"),
        ("upstream_base_url", "https://api.example/openai/v1/"),
        ("embedding_url", "http://[::1]:9000/embed?model=m"),
    ],
)
def test_an_address_that_can_be_reached_is_taken(name: str, value: str) -> None:
    assert getattr(read_settings({name: value}), name) is not None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("redis_url", "redis://127.0.0.1:abc/0", "a port from 1 to 65535"),
        ("redis_url", "redis://127.0.0.1:99999", "a port from 1 to 65535"),
        ("redis_url", "redis://127.0.0.1:0", "a port from 1 to 65535"),
        ("redis_url", "redis://", "one host"),
        ("redis_url", "redis:///0", "one host"),
        ("redis_url", f"redis://:{PASSWORD}@a:6379,b:6379/0", "one host"),
        ("redis_url", "redis://a.example,b.example/0", "one host"),
        ("redis_url", "redis://a b/0", "one host"),
        ("redis_url", "redis://[::1/0", "one host"),
        ("redis_url", "redis://127.0.0.1:6379/notadb", "the number of a database"),
        ("redis_url", "redis://127.0.0.1:6379/0/1", "the number of a database"),
        ("redis_url", "redis://127.0.0.1:6379/0?foo=1", "'foo' is none of redis-py's"),
        ("redis_url", "redis://127.0.0.1:6379?db=abc", "'db' has a value"),
        ("redis_url", "redis://127.0.0.1:6379?socket_timeout=soon", "'socket_timeout' has a value"),
        ("redis_url", "redis://127.0.0.1:6379?max_connections=-1", "'max_connections' has a"),
        ("redis_url", "redis://127.0.0.1:6379?protocol=9", "'protocol' has a value"),
        ("redis_url", "rediss://127.0.0.1:6379?ssl_cert_reqs=maybe", "'ssl_cert_reqs' has a value"),
        ("redis_url", "redis://127.0.0.1:6379?ssl_cert_reqs=none", "is for rediss:// alone"),
        ("redis_url", "http://127.0.0.1:6379", "redis://"),
        ("qdrant_url", "http://127.0.0.1:abc", "a port from 1 to 65535"),
        ("qdrant_url", "http://", "one host"),
        ("qdrant_url", "127.0.0.1:6333", "http://"),
        ("qdrant_url", "http://..:6333", "one host"),
        ("qdrant_url", "http://127.0.0.1:6333?x=1", "without a query"),
        ("qdrant_url", "http://127.0.0.1:6333/#a", "a fragment"),
        ("upstream_base_url", "https://api.example/v1?api-version=1", "without a query"),
        ("upstream_base_url", "https://api.example/v 1", "without spaces"),
        ("upstream_base_url", "https://api.example/v1#chat", "a fragment"),
        ("upstream_base_url", "https://api.example\\v1", "without backslashes"),
        ("redis_url", "redis://127.0.0.1:6379?socket_timeout=.", "'socket_timeout' has a value"),
        ("redis_url", "rediss://127.0.0.1:6379?ssl_min_version=1", "'ssl_min_version' has a"),
        ("redis_url", "redis://127.0.0.1:6379#0", "a fragment"),
        ("upstreams", '[{"name":"a","base_url":"http://a/v1?b=1"}]', "without a query"),
        ("embedding_url", "https://:8080", "one host"),
        ("upstream_base_url", "https://api.example/v1/chat/completions", "leave /chat/completions"),
        ("upstream_base_url", "https://api.example/v1/responses/", "leave /responses out"),
        ("upstreams", '[{"name":"a","base_url":"http://a:x/v1"}]', "a port from 1 to 65535"),
        ("upstreams", '[{"name":"a","base_url":"http://a/v1/completions"}]', "/completions out"),
    ],
)
def test_an_address_that_nothing_answers_at_stops_the_start_and_shows_no_password(
    name: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError, match=expected) as wrong:
        read_settings({name: value})

    assert name.upper() in str(wrong.value)
    assert PASSWORD not in str(wrong.value)


@pytest.mark.parametrize("url", ["redis://a:6379", "redis://a:6379/", "rediss://a:6379/0"])
def test_a_cluster_is_named_by_any_of_its_nodes(url: str) -> None:
    settings = read_settings({"redis_url": url, "redis_cluster_slots": "16"})

    assert settings.redis_cluster_slots == 16
    assert "16 slots" in (remote_exact(settings) or (None, ""))[1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"redis_cluster_slots": "16"}, "REDIS_CLUSTER_SLOTS needs REDIS_URL"),
        ({"redis_cluster_slots": "16", "redis_url": "redis://a/1"}, "database 0 alone"),
        ({"redis_cluster_slots": "0", "redis_url": "redis://a"}, "REDIS_CLUSTER_SLOTS"),
    ],
)
def test_a_cluster_that_cannot_be_one_stops_the_start(given: dict[str, str], expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        read_settings(given)


def test_an_upstream_without_a_path_is_taken_with_a_warning() -> None:
    doubtful = Settings.model_validate({"upstream_base_url": "https://api.example"})
    plain = Settings.model_validate({"upstream_base_url": "https://api.example/v1"})

    [doubt] = doubtful.doubts()
    assert "https://api.example/v1" in doubt
    assert plain.doubts() == Settings.model_validate({}).doubts() == []
