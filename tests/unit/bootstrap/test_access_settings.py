"""Facts about the settings of access, and what a start refuses."""

import pytest

from llm_cache_proxy.bootstrap.clients import key_ring
from llm_cache_proxy.bootstrap.local.settings import local_settings
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings, read_settings

SECRET = "0123456789abcdef0123456789abcdef"


def test_access_is_open_by_default() -> None:
    assert Settings.model_validate({}).access_mode == "open"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"ACCESS_MODE": "keyed"}, "KEY_SIGNING_SECRET"),
        ({"ACCESS_MODE": "closed"}, "ACCESS_MODE"),
        ({"KEY_SIGNING_SECRET": "short-word"}, "KEY_SIGNING_SECRET: expected at least 32"),
        ({"KEY_SIGNING_SECRET_PREVIOUS": SECRET}, "needs KEY_SIGNING_SECRET"),
        ({"UPSTREAM_KEY_FROM_CLIENT": "true"}, "FROM_CLIENT needs KEY_SIGNING_SECRET"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_shown(given: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named) as wrong:
        read_settings(given)

    assert "short-word" not in str(wrong.value)
    assert SECRET not in str(wrong.value)


@pytest.mark.parametrize(
    "origins",
    [
        "*",
        "null",
        "https://app.example.com",
        " http://localhost:5173, app://obsidian.md ,",
        "chrome-extension://abcdefghijklmnop",
        "http://[::1]:8080, https://app.example.com:80, app://-",
        "",
    ],
)
def test_origins_are_taken_as_browsers_send_them(origins: str) -> None:
    assert read_settings({"CORS_ALLOW_ORIGINS": origins}).cors_allow_origins == (origins or None)


@pytest.mark.parametrize(
    "origins",
    [
        *("app.example.com", "https://app.example.com/", "https://App.example.com", "*, foo"),
        *("http://", "https://*.example.com", "http://localhost:*", "https://b\u00fccher.example"),
        *("https://app.example.com:443", "http://localhost:80", "https://a.example#x"),
    ],
)
def test_an_origin_that_no_browser_sends_stops_the_start(origins: str) -> None:
    with pytest.raises(SettingsError, match="CORS_ALLOW_ORIGINS: expected origins as browsers"):
        read_settings({"CORS_ALLOW_ORIGINS": origins})


@pytest.mark.parametrize("variable", ["CORS_ALLOW_ORIGINS", "ALLOWED_HOSTS"])
def test_a_password_in_an_address_that_is_refused_is_not_shown(variable: str) -> None:
    with pytest.raises(SettingsError, match=r"got 'app\.example\.com'") as wrong:
        read_settings({variable: f"https://me:{SECRET}@app.example.com"})

    assert SECRET not in str(wrong.value)


@pytest.mark.parametrize("hosts", ["*", "llm-cache.internal, *.Example.com.", "[::1]", "fe80::1"])
def test_hosts_are_taken_by_name_and_address(hosts: str) -> None:
    assert read_settings({"ALLOWED_HOSTS": hosts}).allowed_hosts == hosts


@pytest.mark.parametrize("hosts", ["http://proxy.example", "proxy.example:3000", "a, b/c"])
def test_a_host_that_is_no_name_stops_the_start(hosts: str) -> None:
    with pytest.raises(SettingsError, match="ALLOWED_HOSTS: expected names of hosts"):
        read_settings({"ALLOWED_HOSTS": hosts})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "proxy.example"])
def test_a_server_beyond_this_machine_without_an_admin_key_does_not_start(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.delenv("ADMIN_KEY", raising=False)

    with pytest.raises(SettingsError, match="ADMIN_KEY"):
        local_settings()

    monkeypatch.setenv("ADMIN_KEY", "word")
    assert local_settings().host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_a_server_of_this_machine_alone_needs_no_admin_key(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.delenv("ADMIN_KEY", raising=False)

    assert local_settings().admin_key is None


def test_a_keyed_server_without_an_admin_key_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACCESS_MODE", "keyed")
    monkeypatch.setenv("KEY_SIGNING_SECRET", SECRET)
    monkeypatch.delenv("ADMIN_KEY", raising=False)

    with pytest.raises(SettingsError, match="ADMIN_KEY"):
        local_settings()


def test_the_signing_secrets_make_the_key_ring() -> None:
    old = SECRET[::-1]
    settings = Settings.model_validate(
        {"key_signing_secret": SECRET, "key_signing_secret_previous": old}
    )
    ring, before = (
        key_ring(settings),
        key_ring(Settings.model_validate({"key_signing_secret": old})),
    )
    assert ring is not None
    assert before is not None

    assert ring.verified(before.issue("acme", "0" * 16)).tenant == "acme"


def test_cached_paths_reach_the_service_as_they_follow_v1() -> None:
    settings = Settings.model_validate({"cached_paths": "/moderations, rerank,"})

    assert settings.cached_path_list() == ("/moderations", "/rerank")


@pytest.mark.parametrize("path", ["/files", "/chat/completions", "/{path}"])
def test_a_path_that_may_not_be_cached_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("CACHED_PATHS", f"/rerank,{path}")

    with pytest.raises(SettingsError, match="CACHED_PATHS"):
        local_settings()


def test_listed_paths_follow_v1() -> None:
    settings = Settings.model_validate({"keyed_paths": "/audio/speech, moderations,"})

    assert settings.keyed_path_list() == ("/audio/speech", "/moderations")
