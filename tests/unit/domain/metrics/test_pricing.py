"""Facts about names and prices of models."""

import json
from pathlib import Path

import pytest

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.metrics.pricing import Price, default_prices

SHORT_AND_REAL = [
    ("llama-3.3-70b-versatile", "llama-3.3-70b-versatile", 590, 790),
    ("llama-3.1-8b-instant", "llama-3.1-8b-instant", 50, 80),
    ("llama-4-scout", "meta-llama/llama-4-scout-17b-16e-instruct", 110, 340),
    ("llama-4-maverick", "meta-llama/llama-4-maverick-17b-128e-instruct", 200, 600),
    ("qwen3-32b", "qwen/qwen3-32b", 290, 590),
    ("kimi-k2-0905-1t", "moonshotai/kimi-k2-instruct-0905", 1000, 3000),
    ("gpt-oss-20b", "openai/gpt-oss-20b", 75, 300),
    ("gpt-oss-120b", "openai/gpt-oss-120b", 150, 600),
    ("claude-haiku-4-5-20251001", "claude-haiku-4-5", 1000, 5000),
    ("claude-opus-5-5", "claude-opus-5-5", 4000, 20000),
    ("Amazon.Titan-Embed-Text-v2:0", "amazon.titan-embed-text-v2:0", 20, 0),
    ("amazon.titan-embed-text-v1", "amazon.titan-embed-text-v1", 100, 0),
    ("cohere.embed-english-v3", "cohere.embed-english-v3", 100, 0),
    ("cohere.embed-multilingual-v3", "cohere.embed-multilingual-v3", 100, 0),
]


@pytest.mark.parametrize(("short", "real", "prompt", "completion"), SHORT_AND_REAL)
def test_short_and_real_names_count_as_one_model_with_one_price(
    short: str, real: str, prompt: int, completion: int
) -> None:
    prices = default_prices()

    price = prices.price(prices.counted_name(short))

    assert prices.counted_name(short) == prices.counted_name(real) == real
    assert price is not None
    assert (price.prompt, price.completion) == (prompt, completion)


def test_every_row_says_where_its_price_is_from_and_as_of_when() -> None:
    prices = default_prices().prices.values()

    assert all(price is not None and price.source and price.as_of for price in prices)


def test_an_unknown_model_counts_as_other_and_has_no_price() -> None:
    prices = default_prices()

    assert prices.counted_name("a-model-nobody-knows") == "other"
    assert prices.price("other") is None


@pytest.mark.parametrize("spelling", ["GPT-4o", "gpt-4o-2024-08-06"])
def test_case_and_a_snapshots_date_do_not_make_another_model(spelling: str) -> None:
    assert default_prices().counted_name(spelling) == "gpt-4o"


def test_a_cost_is_exact_in_whole_nano_dollars() -> None:
    price = Price(prompt=75, completion=300)

    assert price.cost(1_000_000, 1) == 75_000_300


def test_tokens_of_a_model_without_a_price_cost_nothing() -> None:
    prices = default_prices()

    assert prices.cost("openai/gpt-oss-20b", 1_000, 10) == 1_000 * 75 + 10 * 300
    assert prices.cost("other", 1_000, 10) == 0


def test_an_operators_file_adds_rows_and_replaces_rows(tmp_path: Path) -> None:
    rows = [
        {"model": "our-own", "aliases": ["ours"], "prompt": 0.001, "completion": "2"},
        {"model": "gpt-4o", "prompt": "9", "completion": "9"},
        {"model": "free-trial"},
    ]
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({"models": rows}), encoding="utf-8")

    prices = default_prices(path)

    assert prices.price(prices.counted_name("OURS")) == Price(prompt=1, completion=2000)
    assert prices.price("gpt-4o") == Price(prompt=9000, completion=9000)
    assert prices.price("gpt-4o-mini") == default_prices().price("gpt-4o-mini")
    assert (prices.counted_name("free-trial"), prices.price("free-trial")) == ("free-trial", None)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"models": {}}',
        '{"models": [3]}',
        '{"models": [{"model": ""}]}',
        '{"models": [{"model": "m", "aliases": "x"}]}',
        '{"models": [{"model": "m", "prompt": "1"}]}',
        '{"models": [{"model": "m", "prompt": "-1", "completion": "1"}]}',
        '{"models": [{"model": "m", "prompt": "0.0001", "completion": "1"}]}',
        '{"models": [{"model": "m", "prompt": "NaN", "completion": "1"}]}',
    ],
)
def test_a_file_of_something_else_stops_the_start_and_names_the_variable(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match="PRICES_PATH"):
        default_prices(path)


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PRICES_PATH"):
        default_prices(tmp_path / "absent.json")
