"""What a million requests cost, by hit rate, and what a month costs without any: `make cost`.

A model, not a measurement: every input stands in this file and in docs/cost.md, whose tables and
chart `make cost WRITE=1` makes anew. Your own figures: `--model gpt-4o --prompt-tokens 2000`, with
durations from the answers' server-timing header.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.cost.chart import chart
from benchmarks.cost.fixed import rows
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS, default_prices

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cost.md"
CHART = ROOT / "docs" / "cost.svg"
MILLION = 1_000_000
GIGABYTE_KB = 1_000_000
HIT_RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MODELS = ("llama-3.1-8b-instant", "llama-3.3-70b-versatile", "gpt-4o-mini", "gpt-4o")
EMBEDDING_GB = 1769 / 1024


class Tariff(NamedTuple):
    """Dollars for one unit, in us-east-1 where that matters; beyond free allowances."""

    dollars: float
    unit: str
    source: str


_READ = "read 2026-11-25"
TARIFFS: Mapping[str, Tariff] = {
    "API Gateway, REST": Tariff(
        3.50, "million requests", f"docs.aws.amazon.com, private APIs whitepaper; {_READ}"
    ),
    "AWS WAF, requests": Tariff(
        0.60, "million requests", f"aws.amazon.com/waf/pricing, as commonly quoted; {_READ}"
    ),
    "Lambda, requests": Tariff(0.20, "million requests", f"cloudchipr.com, 2024; {_READ}"),
    "Lambda, arm64": Tariff(0.0000133334, "GB-second", f"cloudchipr.com, 2024; {_READ}"),
    "Upstash, pay as you go": Tariff(
        0.20, "100,000 commands", f"upstash.com/docs/redis/overall/billing; {_READ}"
    ),
    "CloudWatch Logs, taken in": Tariff(0.50, "GB", f"go-cloud.io, 2026; {_READ}"),
    "Data out to the internet": Tariff(0.09, "GB", f"apigatewaycost.com; {_READ}"),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """What the requests are like. Durations are of a warm function."""

    prompt_tokens: int = 500
    completion_tokens: int = 250
    exact_share: float = 0.7  # of hits; the rest are semantic
    completions_mb: int = 1024
    exact_seconds: float = 0.015
    semantic_seconds: float = 0.080  # an exact miss, until the verdict; the embedding included
    embedding_seconds: float = 0.030
    upstream_seconds: float = 2.0  # which the function waits through, and is billed for
    log_kb: float = 1.5
    answer_kb: float = 3.0
    outgoing_kb: float = 10.0  # of a miss: the prompt upstream, a vector twice, the entry


class Costs(NamedTuple):
    """Dollars for a million requests."""

    aws: float
    upstash: float
    upstream: float

    @property
    def total(self) -> float:
        """Together."""
        return sum(self)


def costs(workload: Workload, model: str, hit_rate: float) -> Costs:
    """For a million requests of which `hit_rate` are hits. Raises ValueError for no known price."""
    exact = hit_rate * workload.exact_share
    semantic = hit_rate - exact
    miss = 1 - hit_rate
    seconds = (
        workload.exact_seconds
        + (semantic + miss) * workload.semantic_seconds
        + miss * workload.upstream_seconds
    )
    embedded = semantic + miss
    gb_seconds = (
        seconds * workload.completions_mb / 1024
        + embedded * workload.embedding_seconds * EMBEDDING_GB
    )
    out_kb = workload.answer_kb + miss * workload.outgoing_kb
    aws = (
        _price("API Gateway, REST")
        + _price("AWS WAF, requests")
        + (1 + embedded) * _price("Lambda, requests")
        + gb_seconds * MILLION * _price("Lambda, arm64")
        + workload.log_kb * MILLION / GIGABYTE_KB * _price("CloudWatch Logs, taken in")
        + out_kb * MILLION / GIGABYTE_KB * _price("Data out to the internet")
    )
    commands = exact + 2 * embedded  # a lookup; then a promotion or a commit
    upstash = commands * 10 * _price("Upstash, pay as you go")
    return Costs(aws, upstash, miss * upstream_dollars(workload, model))


def upstream_dollars(workload: Workload, model: str) -> float:
    """For a million answers of the model. Raises ValueError for a model without a price."""
    prices = default_prices()
    price = prices.price(prices.counted_name(model))
    if price is None:
        raise ValueError(f"{model}: no price; PRICES_PATH may name more")
    return MILLION * price.cost(workload.prompt_tokens, workload.completion_tokens) / NANO_DOLLARS


def break_even(workload: Workload, model: str) -> float | None:
    """The least hit rate at which the proxy costs no more than it saves; None where it never does.

    Costs are linear in the hit rate, so two points give it.
    """
    direct = upstream_dollars(workload, model)
    at_none, at_all = (costs(workload, model, rate).total - direct for rate in (0.0, 1.0))
    return at_none / (at_none - at_all) if at_all < 0 else None


def by_hit_rate(workload: Workload, model: str) -> Iterable[str]:
    """A Markdown table."""
    direct = upstream_dollars(workload, model)
    yield "| hit rate | AWS | Upstash | upstream | together | without the proxy | saved |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for rate in HIT_RATES:
        cost = costs(workload, model, rate)
        saved = 1 - cost.total / direct
        yield (
            f"| {rate:.0%} | ${cost.aws:,.2f} | ${cost.upstash:,.2f} | ${cost.upstream:,.2f} "
            f"| ${cost.total:,.2f} | ${direct:,.2f} | {saved:+.0%} |"
        )


def by_model(workload: Workload) -> Iterable[str]:
    """A Markdown table."""
    yield "| model | without the proxy | at 30 % hits | at 60 % hits | pays from a hit rate of |"
    yield "|---|---:|---:|---:|---:|"
    for model in MODELS:
        even = break_even(workload, model)
        some, many = (costs(workload, model, rate).total for rate in (0.3, 0.6))
        yield (
            f"| {model} | ${upstream_dollars(workload, model):,.2f} | ${some:,.2f} | ${many:,.2f} "
            f"| {'never' if even is None else f'{even:.0%}'} |"
        )


def inputs(workload: Workload) -> Iterable[str]:
    """Two Markdown tables: the requests, and the tariffs."""
    yield "| request | |"
    yield "|---|---:|"
    yield from (f"| `{name}` | {value:g} |" for name, value in asdict(workload).items())
    yield ""
    yield "| tariff | dollars | for a | source |"
    yield "|---|---:|---|---|"
    for name, tariff in TARIFFS.items():
        yield f"| {name} | {tariff.dollars:.10g} | {tariff.unit} | {tariff.source} |"


def page(text: str) -> str:
    """The page's text with each table between its markers made anew."""
    workload = Workload()
    tables = {
        "by-model": by_model(workload),
        "by-hit-rate": by_hit_rate(workload, "gpt-4o-mini"),
        "fixed": rows(),
        "inputs": inputs(workload),
    }
    for name, lines in tables.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, rest = text.split(start, 1)
        _, after = rest.split(end, 1)
        text = before + "\n".join([start, *lines, end]) + after
    return text


def drawing() -> str:
    """The chart: what is left of the upstream's bill, by hit rate, for each model."""
    workload = Workload()
    lines = {
        model: [
            costs(workload, model, rate).total / upstream_dollars(workload, model)
            for rate in HIT_RATES
        ]
        for model in MODELS
    }
    return chart(HIT_RATES, lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="What a million requests cost, by hit rate.")
    parser.add_argument("--write", action="store_true", help="make docs/cost.md's tables anew")
    parser.add_argument("--model", default="gpt-4o-mini")
    for field in fields(Workload):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=type(field.default), default=field.default)
    given = vars(parser.parse_args(arguments))
    if given.pop("write"):
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        CHART.write_text(drawing(), encoding="utf-8")
        return 0
    model = given.pop("model")
    print("\n".join([*by_hit_rate(replace(Workload(), **given), model), "", *rows()]))
    return 0


def _price(name: str) -> float:
    return TARIFFS[name].dollars


if __name__ == "__main__":
    sys.exit(main())
