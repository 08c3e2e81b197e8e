"""Facts about how upstreams are configured, and that no key of theirs is shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from llm_cache_proxy.adapters.upstream.demo.upstream import DemoUpstream
from llm_cache_proxy.bootstrap.upstreams import (
    configured_upstream,
    upstream_configs,
    upstream_or_demonstration,
)
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.upstreams.config import Kind, UpstreamConfig, candidates
from llm_cache_proxy.settings import Settings, read_settings


def settings(upstreams: object = None, **values: Any) -> Settings:
    if upstreams is not None:
        values["upstreams"] = json.dumps(upstreams)
    return read_settings(values)


def configs(upstreams: object = None, **values: Any) -> list[UpstreamConfig]:
    return upstream_configs(settings(upstreams, **values))


def test_without_a_key_or_an_address_the_local_server_demonstrates() -> None:
    made, described = upstream_or_demonstration(settings())

    assert isinstance(made, DemoUpstream)
    assert "demonstration" in described


def test_without_a_key_or_an_address_a_function_has_no_upstream() -> None:
    with pytest.raises(SettingsError, match="GROQ_API_KEY, UPSTREAM_BASE_URL or UPSTREAMS"):
        configured_upstream(settings())


@pytest.mark.parametrize("blank", ["", " ", "\n", "\t \r\n"])
def test_a_blank_key_or_address_is_none(blank: str) -> None:
    for name in ("GROQ_API_KEY", "UPSTREAM_BASE_URL", "UPSTREAMS"):
        with pytest.raises(SettingsError, match="no upstream is configured"):
            configured_upstream(read_settings({name: blank}))


@pytest.mark.parametrize("name", ["GROQ_API_KEY", "UPSTREAM_API_KEY"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: expected a key of printable ASCII") as wrong:
        read_settings({"UPSTREAM_BASE_URL": "http://u/v1", name: "hunter2\n"})

    assert "hunter2" not in str(wrong.value)


def test_groq_keeps_the_timeout_that_is_set() -> None:
    [groq] = configs(groq_api_key="gsk", upstream_timeout_seconds=3)

    assert (groq.name, groq.api_key) == ("groq", "gsk")
    limits = groq.timeouts
    assert (limits.first_byte_seconds, limits.idle_seconds, limits.total_seconds) == (3, 3, 3)
    assert limits.connect_seconds == 3


def test_an_address_of_ones_own_takes_groqs_place() -> None:
    [own] = configs(
        groq_api_key="gsk", upstream_base_url="http://u/v1/", upstream_api_key="k", upstreams=None
    )

    assert (own.name, own.base_url, own.api_key) == ("upstream", "http://u/v1", "k")


def test_anthropic_needs_its_name_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant")

    [anthropic] = configs([{"name": "anthropic"}])

    assert (anthropic.kind, anthropic.api_key) == (Kind.ANTHROPIC, "sk-ant")
    assert anthropic.url("/messages") == "https://api.anthropic.com/v1/messages"


def test_any_server_may_be_of_anthropics_kind() -> None:
    [own, other] = configs(
        [
            {"name": "own", "kind": "anthropic", "base_url": "http://own/v1"},
            {"name": "anthropic", "kind": "openai", "base_url": "http://u/v1"},
        ],
        upstream_keys='{"anthropic": "sk-ant"}',
    )

    assert (own.kind, other.kind) == (Kind.ANTHROPIC, Kind.OPENAI)


def test_several_upstreams_keep_their_order_names_and_limits() -> None:
    found = configs(
        [
            {
                "name": "near",
                "base_url": "http://near/v1",
                "models": ["llama-*"],
                "aliases": {"fast": "llama-8b"},
                "timeout_seconds": 7,
                "http2": True,
            },
            {"name": "far", "base_url": "http://far/v1"},
        ]
    )

    assert [config.name for config in found] == ["near", "far"]
    assert (found[0].timeouts.total_seconds, found[0].http2) == (7, True)
    assert (found[1].timeouts.total_seconds, found[1].http2) == (120, False)
    assert [(c.name, model) for c, model in candidates(found, "fast")] == [
        ("near", "llama-8b"),
        ("far", "fast"),
    ]


def test_groq_and_openai_need_to_be_named_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    groq, openai = configs(
        [{"name": "groq"}, {"name": "openai", "models": ["gpt-*"]}], groq_api_key="gsk"
    )

    assert (groq.base_url, groq.api_key) == ("https://api.groq.com/openai/v1", "gsk")
    assert groq.known_models
    assert groq.served("groq/compound") == "groq/compound"
    assert (openai.base_url, openai.api_key) == ("https://api.openai.com/v1", "sk-1")


def test_a_key_comes_from_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "word")

    [found] = configs([{"name": "a", "base_url": "http://a", "api_key_variable": "MY_KEY"}])

    assert found.api_key == "word"


def test_a_key_comes_from_the_secret_where_that_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "word")
    keys = json.dumps({"a": "secret"})

    [found] = configs(
        [{"name": "a", "base_url": "http://a", "api_key_variable": "MY_KEY"}], upstream_keys=keys
    )

    assert found.api_key == "secret"


def test_an_upstream_may_have_no_key() -> None:
    assert configs([{"name": "ollama", "base_url": "http://127.0.0.1:11434/v1"}])[0].api_key == ""


def test_a_variable_that_is_named_and_empty_stops_the_start() -> None:
    asked = settings([{"name": "a", "base_url": "http://a", "api_key_variable": "NO_KEY"}])

    with pytest.raises(SettingsError, match=r"UPSTREAMS.*'a'.*NO_KEY.*UPSTREAM_KEYS"):
        configured_upstream(asked)


def test_a_file_holds_the_same(tmp_path: Path) -> None:
    path = tmp_path / "upstreams.json"
    path.write_text('[{"name": "a", "base_url": "http://a"}]')

    assert upstream_configs(read_settings({"upstreams": str(path)}))[0].name == "a"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("/no/such/file.json", "a file of one"),
        ("[", "Expecting value"),
        ("[]", "at least one"),
        ("[5]", "each upstream"),
        ('[{"name": "a"}]', "'a' needs one"),
        ('[{"name": "A b", "base_url": "http://a"}]', "name"),
        ('[{"name": "a", "base_url": "ftp://a"}]', "base_url"),
        ('[{"name": "a", "base_url": "http://a", "key": "sk"}]', "key"),
        ('[{"name": "a", "base_url": "http://a", "timeout_seconds": 0}]', "timeout_seconds"),
        ('[{"name": "a", "base_url": "http://a"}, {"name": "a", "base_url": "http://b"}]', "two"),
    ],
)
def test_what_makes_no_sense_stops_the_start_by_name(value: str, said: str) -> None:
    with pytest.raises(SettingsError, match="UPSTREAMS: ") as caught:
        read_settings({"upstreams": value})

    assert said in str(caught.value)


@pytest.mark.parametrize("value", ["sk-word", '["sk-word"]', '{"a": ["sk-word"]}'])
def test_keys_that_make_no_sense_stop_the_start_and_are_not_shown(value: str) -> None:
    with pytest.raises(SettingsError, match="UPSTREAM_KEYS: ") as caught:
        read_settings({"upstreams": '[{"name": "openai"}]', "upstream_keys": value})

    assert "sk-word" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"upstreams": '[{"name": "groq"}]', "upstream_base_url": "http://a"},
        {"upstream_keys": "{}"},
    ],
)
def test_settings_that_do_not_go_together_stop_the_start(values: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="UPSTREAMS"):
        read_settings(values)


def test_keys_are_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-word")
    asked = settings(
        [
            {"name": "a", "base_url": "http://a", "api_key_variable": "MY_KEY"},
            {"name": "b", "base_url": "http://b"},
        ],
        upstream_keys='{"b": "sk-word"}',
    )
    made, described = configured_upstream(asked)

    shown = [repr(asked), str(asked.described()), repr(upstream_configs(asked)), described]
    assert "sk-word" not in " ".join([*shown, repr(made)])
