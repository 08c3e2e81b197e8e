"""Facts about the names under which models are counted."""

import pytest

from llm_cache_proxy.domain.metrics.pricing import MOST_UNPRICED, CountedModels, default_prices


def test_a_priced_model_counts_under_its_priced_name() -> None:
    assert CountedModels(default_prices()).name("GPT-4o-2024-08-06") == "gpt-4o"


def test_a_model_without_a_price_counts_under_its_own_name() -> None:
    assert CountedModels(default_prices()).name("My-Org/Model:7b") == "my-org/model:7b"


@pytest.mark.parametrize("name", ["", " m", "m\n", "m" * 101, "ключ"])
def test_a_name_that_is_not_plain_counts_as_other(name: str) -> None:
    assert CountedModels(default_prices()).name(name) == "other"


def test_the_names_are_bounded_and_those_that_were_given_stay() -> None:
    models = CountedModels(default_prices())
    given = [models.name(f"m{number}") for number in range(MOST_UNPRICED)]

    assert models.name("one-more") == "other"
    assert [models.name(name) for name in given] == given
