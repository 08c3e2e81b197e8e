"""Whether what was read of a point is what a search asks for."""

from collections.abc import Mapping

import pytest

from llm_cache_proxy.adapters.vector_store.qdrant.filters import (
    Conditions,
    cleared,
    living,
    meets,
    past,
)
from llm_cache_proxy.ports.vector_store import Scope

LIVING = living(Scope("acme", "f", "minilm"), now=100)
POINT = {"tenant": "acme", "fingerprint": "f", "embedder": "minilm", "expires_at": 101}
CLEARED = cleared("acme", "tag:a", cutoff=7)


@pytest.mark.parametrize(
    ("payload", "conditions"),
    [
        (POINT, LIVING),
        ({"tenant": "acme", "selectors": ["all", "tag:a"], "sequence": 6}, CLEARED),
        ({"purge_at": 100}, past(100)),
    ],
)
def test_a_point_meets_what_each_of_its_fields_meets(
    payload: Mapping[str, object], conditions: Conditions
) -> None:
    assert meets(payload, conditions)


@pytest.mark.parametrize(
    ("changed", "conditions"),
    [
        ({"tenant": "rival"}, LIVING),
        ({"fingerprint": None}, LIVING),
        ({"expires_at": 100}, LIVING),
        ({"expires_at": "never"}, LIVING),
        ({"expires_at": True}, LIVING),
        ({"selectors": ["all"], "sequence": 6}, CLEARED),
        ({"selectors": ["tag:a"], "sequence": 7}, CLEARED),
        ({"purge_at": 101}, past(100)),
    ],
)
def test_one_field_that_does_not_is_enough(
    changed: Mapping[str, object], conditions: Conditions
) -> None:
    assert not meets({**POINT, **changed}, conditions)
    assert not meets({}, conditions)
