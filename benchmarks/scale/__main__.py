"""`make scale`: print the tables, and with WRITE=1 make docs/scale.md's and its plots anew."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import quantiles

from benchmarks.findings import Curves
from benchmarks.plots import draw
from benchmarks.scale import bill
from benchmarks.scale.shape import DEFAULTS, PREPARED, RAISED, Limits, Load
from benchmarks.scale.simulation import Outcome, simulated

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "scale.md"
RATES = (10, 50, 100, 250, 500, 1_000, 2_500, 5_000)
HIT_RATES = (0.3, 0.6, 0.9)
STACKS = (DEFAULTS, RAISED, PREPARED)
_SHOWN_HIT_RATE = 0.6
_PERCENT = 100
Found = Mapping[tuple[str, float, float], Outcome]


def load(per_second: float, hit_rate: float) -> Load:
    """Long enough for instances to be warm, short enough to be simulated."""
    seconds = 60.0 if per_second <= 500 else 30.0  # noqa: PLR2004 - requests a second
    return Load(per_second, hit_rate, seconds)


def measured(stacks: Iterable[Limits] = STACKS) -> Found:
    """Every stack under every load."""
    return {
        (stack.name, rate, hit_rate): simulated(stack, load(rate, hit_rate))
        for stack in stacks
        for rate in RATES
        for hit_rate in HIT_RATES
    }


def rows(found: Found, stack: Limits, hit_rate: float) -> Iterable[str]:
    """A Markdown table of one stack at one hit rate."""
    yield (
        "| requests a second | refused (429) | without a tier | p50 | p99 | hits' p99 "
        "| instances | cold starts |"
    )
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|"
    for rate in RATES:
        yield row(rate, found[stack.name, rate, hit_rate])


def row(rate: float, outcome: Outcome) -> str:
    """A line of it."""
    return (
        f"| {rate:,} | {outcome.refused:.1%} | {outcome.degraded:.1%} "
        f"| {at(outcome.answered, 50):.2f} s | {at(outcome.answered, 99):.2f} s "
        f"| {at(outcome.hits, 99) * 1000:,.0f} ms | {outcome.most_instances:,} | {outcome.cold:,} |"
    )


def at(values: Sequence[float], percent: int) -> float:
    """A percentile; 0 of nothing."""
    if len(values) < 2:  # noqa: PLR2004 - quantiles need two
        return sum(values)
    return quantiles(values, n=_PERCENT)[percent - 1]


def page(text: str, found: Found) -> str:
    """The page with each table between its markers made anew."""
    for stack in STACKS:
        name = stack.name.replace(" ", "-").lower()
        text = _with_table(text, name, rows(found, stack, _SHOWN_HIT_RATE))
    return with_bill(text)


def with_bill(text: str) -> str:
    """The page with the table of what an hour costs made anew; it takes no simulation."""
    return _with_table(text, "an-hour", bill.rows(RATES, HIT_RATES))


def _with_table(text: str, name: str, table: Iterable[str]) -> str:
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = text.split(start, 1)
    _, after = rest.split(end, 1)
    return before + "\n".join([start, *table, end]) + after


def curves(found: Found) -> dict[str, Curves]:
    """The plots, by file name."""
    return {
        "instances.svg": Curves(
            name="instances",
            title="Instances of completions, prepared stack",
            x=RATES,
            x_label="requests a second",
            y_label="instances at once",
            lines={
                f"{hit_rate:.0%} hits": [
                    found[PREPARED.name, rate, hit_rate].most_instances for rate in RATES
                ]
                for hit_rate in HIT_RATES
            },
        ),
        "answered.svg": Curves(
            name="answered",
            title="Requests answered a second, 60 % hits",
            x=RATES,
            x_label="requests a second",
            y_label="answered a second",
            lines={
                stack.name: [
                    rate * (1 - found[stack.name, rate, _SHOWN_HIT_RATE].refused) for rate in RATES
                ]
                for stack in STACKS
            },
        ),
    }


def main(arguments: Sequence[str]) -> int:
    found = measured()
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
        for name, drawn in curves(found).items():
            draw(drawn, ROOT / "docs" / "scale" / name)
        return 0
    for stack in STACKS:
        for hit_rate in HIT_RATES:
            print(f"\n{stack.name}, {hit_rate:.0%} hits")
            print("\n".join(rows(found, stack, hit_rate)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
