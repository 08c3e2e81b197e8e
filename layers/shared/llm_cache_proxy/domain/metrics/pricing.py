"""What a token costs, and the names under which models are counted: never too many of them.

Never guesses: a model that the list does not know has no price. The list is `prices.json` beside
this module; an operator's file of the same shape adds to it. An upstream may answer to any name,
and each name is a handful of counters for ever.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.record import record

OTHER = "other"
"""The name of every model that is not on the list, and has no counters of its own."""

MOST_UNPRICED = 100
"""The most unpriced names that one process counts by; further ones count as `other`."""

NANO_DOLLARS = 1_000_000_000
"""Nano-dollars in a dollar."""

_NANO_PER_TOKEN = 1_000  # of one dollar per million tokens
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._:/@+-]{0,99}")


@record()
class Price:
    """Nano-dollars per token; `source` and `as_of` (ISO date) say where the figure is from."""

    prompt: int
    completion: int
    source: str = ""
    as_of: str = ""

    def cost(self, prompt_tokens: int, completion_tokens: int) -> int:
        """Nano-dollars for so many tokens."""
        return prompt_tokens * self.prompt + completion_tokens * self.completion


@record()
class PriceList:
    """Prices by counted name (None where unknown), and the counted name of every spelling."""

    prices: Mapping[str, Price | None]
    names: Mapping[str, str]

    def counted_name(self, model: str) -> str:
        """The name to count `model` under: one on the list, or `other`.

        Case does not matter, and a snapshot's date (`-2024-08-06`) counts as its model where the
        snapshot itself is not listed.
        """
        lowered = model.lower()
        found = self.names.get(lowered)
        return found if found is not None else self.names.get(_DATED.sub("", lowered), OTHER)

    def own_name(self, model: str) -> str:
        """The counted name of a model on the list, else its own, whatever its case."""
        listed = self.counted_name(model)
        return model.lower() if listed == OTHER else listed

    def price(self, counted: str) -> Price | None:
        """The price of a counted name's token; None if that is unknown."""
        return self.prices.get(counted)

    def known_cost(self, counted: str, prompt_tokens: int, completion_tokens: int) -> int | None:
        """Nano-dollars for so many tokens of a counted name; None where that is unknown."""
        price = self.prices.get(counted)
        return None if price is None else price.cost(prompt_tokens, completion_tokens)

    def cost(self, counted: str, prompt_tokens: int, completion_tokens: int) -> int:
        """Nano-dollars for so many tokens of a counted name; 0 where that is unknown."""
        price = self.price(counted)
        return 0 if price is None else price.cost(prompt_tokens, completion_tokens)


@record()
class CountedModels:
    """Remembers the unpriced names that it has given; asked only for models that answered."""

    prices: PriceList
    _unpriced: set[str] = field(default_factory=set)

    def name(self, model: str) -> str:
        """The name to count `model` under."""
        own = self.prices.own_name(model)
        if own in self.prices.prices or own in self._unpriced:
            return own
        if len(self._unpriced) >= MOST_UNPRICED or not _PLAIN.fullmatch(own):
            return OTHER
        self._unpriced.add(own)
        return own


def format_dollars(nano_dollars: int) -> str:
    """Nano-dollars, 0 or more, as dollars with nine decimals: exact, and never in exponents."""
    whole, rest = divmod(nano_dollars, NANO_DOLLARS)
    return f"{whole}.{rest:09d}"


def default_prices(override: Path | None = None) -> PriceList:
    """The packaged list, with the rows of `override` added or put in place of its own.

    Raises SettingsError where `override` cannot be read or says something else than prices.
    """
    packaged = resources.files("llm_cache_proxy.domain.metrics").joinpath("prices.json")
    rows = _rows(packaged.read_text(encoding="utf-8"))
    if override is not None:
        try:
            rows += _rows(override.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise SettingsError(
                f"PRICES_PATH: expected a file of prices like prices.json, got {override}: {exc}"
            ) from exc
    prices: dict[str, Price | None] = {}
    names: dict[str, str] = {}
    for name, aliases, price in rows:
        prices[name] = price
        names.update(dict.fromkeys((name.lower(), *(alias.lower() for alias in aliases)), name))
    return PriceList(prices, names)


_Row = tuple[str, list[str], Price | None]


def _rows(text: str) -> list[_Row]:
    document = json.loads(text)
    models = document.get("models") if isinstance(document, dict) else None
    if not isinstance(models, list):
        raise ValueError('no list under "models"')  # noqa: TRY004 - the file's fault, not a type's
    return [_row(model) for model in models]


def _row(row: object) -> _Row:
    if not isinstance(row, dict) or not isinstance(row.get("model"), str) or not row["model"]:
        raise ValueError('each row needs a name under "model"')
    name = row["model"]
    aliases = row.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise ValueError(f'"aliases" of {name} must be a list of names')
    prompt, completion = row.get("prompt"), row.get("completion")
    if prompt is None and completion is None:
        return name, aliases, None
    return (
        name,
        aliases,
        Price(
            prompt=_nano_dollars(name, prompt),
            completion=_nano_dollars(name, completion),
            source=str(row.get("source", "")),
            as_of=str(row.get("as_of", "")),
        ),
    )


def _nano_dollars(name: str, dollars_per_million: object) -> int:
    """A row's dollars per million tokens as nano-dollars per token."""
    try:
        nano = Decimal(str(dollars_per_million)) * _NANO_PER_TOKEN
    except InvalidOperation:
        nano = Decimal("NaN")
    if not nano.is_finite() or nano < 0 or nano != int(nano):
        raise ValueError(
            f"the price of {name} must be dollars per million tokens, in whole thousandths of a "
            f"dollar, not {dollars_per_million!r}"
        )
    return int(nano)
