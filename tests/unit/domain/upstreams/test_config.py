"""Which upstreams a model's name leads to."""

import pytest

from llm_cache_proxy.domain.upstreams.config import (
    Kind,
    UpstreamConfig,
    candidates,
    groq,
    of_kind,
)


def config(name: str, *models: str, **aliases: str) -> UpstreamConfig:
    return UpstreamConfig(name, f"https://{name}.example/v1", models=models, aliases=aliases)


def routed(configs: list[UpstreamConfig], model: str) -> list[tuple[str, str]]:
    return [(found.name, name) for found, name in candidates(configs, model)]


def test_upstreams_that_name_the_model_come_in_configured_order() -> None:
    configs = [config("a", "llama-*"), config("b", "gpt-4o"), config("c", "llama-3")]

    assert routed(configs, "llama-3") == [("a", "llama-3"), ("c", "llama-3")]


def test_a_catch_all_comes_after_those_that_name_the_model() -> None:
    configs = [config("any", "*"), config("named", "gpt-*")]

    assert routed(configs, "gpt-4o") == [("named", "gpt-4o"), ("any", "gpt-4o")]


def test_an_alias_is_sent_under_its_name_there() -> None:
    configs = [config("a", fast="llama-3.1-8b-instant"), config("b", fast="gpt-4o-mini")]

    assert routed(configs, "fast") == [("a", "llama-3.1-8b-instant"), ("b", "gpt-4o-mini")]


def test_an_upstream_is_called_once_though_it_is_a_catch_all_too() -> None:
    assert routed([config("a", "gpt-4o", "*")], "gpt-4o") == [("a", "gpt-4o")]


def test_a_prefix_names_the_one_upstream() -> None:
    configs = [config("a", "*"), config("b", "*", fast="small")]

    assert routed(configs, "b/llama") == [("b", "llama")]
    assert routed(configs, "b/fast") == [("b", "small")]


def test_a_slash_inside_a_models_name_is_no_prefix() -> None:
    assert routed([groq("key")], "openai/gpt-oss-20b") == [("groq", "openai/gpt-oss-20b")]
    assert routed([groq("key")], "groq/compound") == [("groq", "groq/compound")]
    assert routed([groq("key")], "groq/llama-3.1-8b-instant") == [("groq", "llama-3.1-8b-instant")]


def test_a_model_that_no_upstream_serves_leads_nowhere() -> None:
    assert routed([config("a", "gpt-*")], "llama-3") == []
    assert routed([config("a", "gpt-*")], "a/llama-3") == []


def test_patterns_respect_case() -> None:
    assert routed([config("a", "gpt-*")], "GPT-4o") == []


ANTHROPIC = UpstreamConfig("claude", "https://c.example/v1", kind=Kind.ANTHROPIC)


@pytest.mark.parametrize(
    ("path", "name"),
    [("/messages", "claude"), ("/messages/count_tokens", "claude"), ("/chat/completions", "a")],
)
def test_a_path_leads_to_the_upstreams_that_speak_its_api(path: str, name: str) -> None:
    found = of_kind([config("a", "*"), ANTHROPIC], path)

    assert [each.name for each in found] == [name]


def test_where_none_is_of_that_kind_any_may_speak_both() -> None:
    assert of_kind([config("a", "*")], "/messages")[0].name == "a"
    assert of_kind([ANTHROPIC], "/chat/completions") == [ANTHROPIC]


def test_the_api_key_is_not_shown() -> None:
    assert "sk-secret" not in repr(UpstreamConfig("a", "https://a.example", api_key="sk-secret"))


@pytest.mark.parametrize("base", ["https://a.example/v1", "https://a.example/v1/"])
def test_an_address_is_the_base_the_prefix_the_path_and_the_query(base: str) -> None:
    there = UpstreamConfig("a", base, path_prefix="/beta")

    assert there.url("/models") == "https://a.example/v1/beta/models"
    assert there.url("/files", "limit=2") == "https://a.example/v1/beta/files?limit=2"


def test_configured_models_are_the_names_that_are_no_patterns() -> None:
    there = UpstreamConfig(
        "a",
        "https://a.example",
        models=("gpt-*", "o3"),
        aliases={"fast": "o3"},
        known_models=("x",),
    )

    assert list(there.configured_models()) == ["fast", "o3", "x"]
