"""Whose API a request is of, and whose a client's own key is."""

import pytest

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.upstreams.config import Kind, UpstreamConfig, candidates
from llm_cache_proxy.domain.upstreams.providers import for_own_key, without_model


def config(name: str, *models: str) -> UpstreamConfig:
    return UpstreamConfig(name, f"https://{name}.example/v1", models=models)


ANTHROPIC = UpstreamConfig("claude", "https://c.example/v1", kind=Kind.ANTHROPIC)
NAMING = UpstreamConfig("named", "https://n.example/v1", models=("claude-*",), kind=Kind.ANTHROPIC)
VERSION = {"anthropic-version": "2023-06-01"}
PROJECT = {"openai-project": "p"}


def upstreams_called(
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
    assert upstreams_called([config("a", "*"), NAMING], path, headers, own_key=own_key) == [name]


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}, {**VERSION, **PROJECT}])
@pytest.mark.parametrize("path", ["/models", "/files", "/of/tomorrow"])
def test_a_clients_own_key_is_not_sent_where_its_provider_is_unknown(
    path: str, headers: dict[str, str]
) -> None:
    both = [config("a", "*"), NAMING]

    with pytest.raises(InvalidRequest, match="which provider your key is for") as refused:
        upstreams_called(both, path, headers)

    assert refused.value.code == "undecided_upstream"
    assert upstreams_called(both, path, headers, own_key=False) == ["a"]
    assert upstreams_called([NAMING], path, headers) == ["named"]
    assert upstreams_called([config("a", "*"), config("b", "*")], path, headers) == ["a", "b"]


@pytest.mark.parametrize(
    ("path", "model", "headers", "name"),
    [
        ("/chat/completions", "claude-4", VERSION, "a"),
        ("/messages", "gpt-5", PROJECT, "claude"),
        ("/complete", "claude-4", {}, "named"),
        ("/complete", "claude-4", VERSION, "named"),
        ("/complete", "named/claude-4", {}, "named"),
        ("/complete", "any", VERSION, "claude"),
        ("/complete", "any", PROJECT, "a"),
        ("/rerank", "a/any", {}, "a"),
        ("/files", "named-by-both", VERSION, "both"),
    ],
)
def test_a_served_model_is_asked_of_whom_the_key_is_for(
    path: str, model: str, headers: dict[str, str], name: str
) -> None:
    configs = [config("a", "*", "named-*"), NAMING, ANTHROPIC]
    both = UpstreamConfig("both", "https://b.example", models=("named-*",), kind=Kind.ANTHROPIC)
    serving = for_own_key([*configs, both], model, path, headers)

    assert next(candidates(serving, model))[0].name == name


@pytest.mark.parametrize(
    ("path", "model", "headers"),
    [
        ("/complete", "any", {}),
        ("/complete", "any", {**VERSION, **PROJECT}),
        ("/complete", "claude-4", PROJECT),
        ("/complete", "any", VERSION),
        ("/messages", "any", {}),
    ],
)
def test_a_served_model_is_not_asked_with_a_key_that_may_be_a_strangers(
    path: str, model: str, headers: dict[str, str]
) -> None:
    with pytest.raises(InvalidRequest, match="which provider your key is for") as refused:
        for_own_key([config("a", "*"), NAMING], model, path, headers)

    assert refused.value.code == "undecided_upstream"


def test_upstreams_of_one_kind_take_any_key() -> None:
    configs = [config("a", "*"), config("b", "gpt-*")]

    assert for_own_key(configs, "any", "/complete", VERSION) == configs


def test_without_a_model_catch_alls_are_asked_before_one_that_names_models() -> None:
    assert upstreams_called([config("a", "gpt-*"), config("b", "*")], "/files") == ["b"]
    assert upstreams_called([config("a", "gpt-*"), config("b", "llama-*")], "/files") == ["a"]
    assert upstreams_called([], "/files") == []
