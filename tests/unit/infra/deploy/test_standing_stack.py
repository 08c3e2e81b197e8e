"""Where a stack is reached, and which of its versions stay."""

from infra.deploy.stack.endpoint import base_url
from infra.deploy.stack.pruning import superfluous


def test_an_emulator_serves_the_api_below_its_own_address() -> None:
    outputs = {"BaseUrl": "https://abc.execute-api.us-east-1.amazonaws.com/prod/v1"}

    assert base_url(outputs, None) == outputs["BaseUrl"]
    assert base_url(outputs, "http://127.0.0.1:4566/") == (
        "http://127.0.0.1:4566/_aws/execute-api/abc/prod/v1"
    )


def test_the_newest_versions_and_those_in_use_are_kept() -> None:
    assert superfluous([1, 2, 3, 4, 5, 6], frozenset({2})) == [1, 3]
    assert superfluous([1, 2, 3], frozenset({3})) == []
    assert superfluous([], frozenset()) == []
