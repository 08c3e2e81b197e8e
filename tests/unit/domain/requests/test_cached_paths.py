"""Which further endpoints may be cached, and which of their requests pass."""

import pytest

from llm_cache_proxy.domain.requests.cached_paths import IMAGES, listed_paths, passes, uncacheable


def test_listed_paths_follow_v1() -> None:
    assert listed_paths("rerank, /moderations/,,") == ("/rerank", "/moderations")
    assert listed_paths(None) == ()


@pytest.mark.parametrize("path", ["/moderations", "/rerank", "/audio/transcriptions", IMAGES])
def test_what_leaves_nothing_behind_may_be_cached(path: str) -> None:
    assert not uncacheable(path)


@pytest.mark.parametrize(
    "path", ["/files", "/batches/x", "/chat/completions", "/embeddings", "/{x}", "/a//b", "/a b"]
)
def test_what_keeps_something_or_has_its_own_rules_may_not(path: str) -> None:
    assert uncacheable(path)


@pytest.mark.parametrize(
    ("path", "fields", "wanted"),
    [
        ("/rerank", {}, False),
        ("/rerank", {"stream": False}, False),
        ("/rerank", {"stream": True}, True),
        (IMAGES, {}, True),
        (IMAGES, {"seed": None}, True),
        (IMAGES, {"seed": True}, True),
        (IMAGES, {"seed": 0}, False),
        (IMAGES, {"seed": 7, "stream": True}, True),
    ],
)
def test_streams_and_images_without_a_seed_pass(
    path: str, fields: dict[str, object], *, wanted: bool
) -> None:
    assert passes(path, fields, unseeded_images=False) is wanted


def test_images_without_a_seed_are_cached_where_that_is_set() -> None:
    assert not passes(IMAGES, {}, unseeded_images=True)
