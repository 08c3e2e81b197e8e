"""Facts about what clients may ask of the cache."""

import pytest

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.requests.controls import Controls, Mode, parse_controls


def test_no_header_requests_nothing_special() -> None:
    assert parse_controls({}) == Controls()


@pytest.mark.parametrize(
    ("headers", "reads", "writes"),
    [
        ({"x-cache-mode": "exact"}, True, True),
        ({"x-cache-mode": "semantic"}, True, True),
        ({"x-cache-mode": "read-only"}, True, False),
        ({"x-cache-mode": "write-only"}, False, True),
        ({"x-cache-mode": "refresh"}, False, True),
        ({"x-cache-mode": "off"}, False, False),
        ({"x-bypass-cache": "true"}, False, False),
        ({"x-bypass-cache": "true", "x-cache-mode": "semantic"}, False, False),
        ({"x-bypass-cache": "false"}, True, True),
        ({"cache-control": "no-cache"}, False, True),
        ({"cache-control": "no-store"}, True, False),
        ({"cache-control": "no-store, no-cache"}, False, False),
        ({"cache-control": "no-cache", "x-cache-mode": "exact"}, True, True),
    ],
)
def test_bypass_beats_mode_beats_cache_control(
    headers: dict[str, str], reads: bool, writes: bool
) -> None:
    controls = parse_controls(headers)

    assert (controls.may_read, controls.may_write) == (reads, writes)


def test_values_are_read() -> None:
    controls = parse_controls(
        {
            "x-cache-ttl": "60",
            "x-cache-threshold": "0.97",
            "x-cache-namespace": "shop",
            "x-cache-tags": "a, b,a",
            "cache-control": "max-age=30, only-if-cached",
            "x-cache-mode": "Exact",
            "x-cache-normalize": "false",
        }
    )

    assert controls == Controls(
        mode=Mode.EXACT,
        ttl_seconds=60,
        threshold=0.97,
        max_age_seconds=30,
        only_if_cached=True,
        namespace="shop",
        names_namespace=True,
        tags=("a", "b"),
        normalise=False,
    )


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-cache-ttl", "-1"),
        ("x-cache-ttl", "1.5"),
        ("x-cache-ttl", "soon"),
        ("x-cache-ttl", "9" * 40),
        ("x-cache-threshold", "1.1"),
        ("x-cache-threshold", "nan"),
        ("x-cache-threshold", "high"),
        ("x-cache-mode", "sometimes"),
        ("x-bypass-cache", "perhaps"),
        ("x-cache-namespace", "a b"),
        ("x-cache-namespace", ""),
        ("x-cache-tags", "a,,b"),
        ("x-cache-tags", ",".join("abcdefghijk")),
        ("x-cache-normalize", "perhaps"),
        ("x-cache-fresh-id", "perhaps"),
        ("cache-control", "max-age=soon"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(header: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_controls({header: value})

    assert caught.value.param == header
    assert header in caught.value.message


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("x-cache-ttl", "soon", "must be a whole number of seconds, 0 or more."),
        ("cache-control", "max-stale=soon", "must be max-stale=N, where N is a whole number"),
        ("x-cache-tags", "a b", "up to 10 names between commas, each 1 to 64 letters"),
    ],
)
def test_a_refusal_says_what_would_be_taken(header: str, value: str, expected: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_controls({header: value})

    assert expected in caught.value.message
