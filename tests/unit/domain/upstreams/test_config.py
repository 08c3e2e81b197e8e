"""Which upstreams a model's name leads to."""

import pytest

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.upstreams.config import (
    Kind,
    UpstreamConfig,
    candidates,
    groq,
    of_kind,
    without_model,
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


NAMING = UpstreamConfig("named", "https://n.example/v1", models=("claude-*",), kind=Kind.ANTHROPIC)
VERSION = {"anthropic-version": "2023-06-01"}
PROJECT = {"openai-project": "p"}


def asked(
    configs: list[UpstreamConfig],
    path: str,
    headers: dict[str, str] | None = None,
    *,
    own_key: bool = True,
) -> list[str]:
    found = without_model(configs, path, headers or {}, own_key=own_key)
    return [each.name for each in found]


@pytest.mark.parametrize("own_key", [False, True])
@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/messages/batches", {}, "named"),
        ("/messages/batches/b_1", PROJECT, "named"),
        ("/audio/transcriptions", VERSION, "a"),
        ("/models", VERSION, "named"),
        ("/files/f_1", {"anthropic-beta": "files"}, "named"),
        ("/models", PROJECT, "a"),
        ("/files", {"openai-beta": "x"}, "a"),
    ],
)
def test_without_a_model_the_path_or_else_the_headers_say_who_is_asked(
    path: str, headers: dict[str, str], name: str, *, own_key: bool
) -> None:
    assert asked([config("a", "*"), NAMING], path, headers, own_key=own_key) == [name]


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}, {**VERSION, **PROJECT}])
@pytest.mark.parametrize("path", ["/models", "/files", "/of/tomorrow"])
def test_a_clients_own_key_is_not_sent_where_nothing_tells_whose_it_is(
    path: str, headers: dict[str, str]
) -> None:
    both = [config("a", "*"), NAMING]

    with pytest.raises(InvalidRequest, match="which provider your key is for") as refused:
        asked(both, path, headers)

    assert refused.value.code == "undecided_upstream"
    assert asked(both, path, headers, own_key=False) == ["a"]
    assert asked([NAMING], path, headers) == ["named"]
    assert asked([config("a", "*"), config("b", "*")], path, headers) == ["a", "b"]


def test_without_a_model_catch_alls_are_asked_before_one_that_names_models() -> None:
    assert asked([config("a", "gpt-*"), config("b", "*")], "/files") == ["b"]
    assert asked([config("a", "gpt-*"), config("b", "llama-*")], "/files") == ["a"]
    assert asked([], "/files") == []


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
