"""The names under which models are counted: a priced one, or its own, and never too many of them.

An upstream may answer to any name, and each name is a handful of counters for ever.
"""

import re
from dataclasses import dataclass, field

from llm_cache_proxy.domain.metrics.pricing import OTHER, PriceList

MOST_UNPRICED = 100
"""Names without a price that one process counts by; further ones count as `other`."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._:/@+-]{0,99}")


@dataclass(frozen=True, slots=True)
class CountedModels:
    """Remembers the unpriced names that it has given; asked only for models that answered."""

    prices: PriceList
    _unpriced: set[str] = field(default_factory=set)

    def name(self, model: str) -> str:
        """The name to count `model` under."""
        listed = self.prices.counted_name(model)
        if listed != OTHER:
            return listed
        own = model.lower()
        if own in self._unpriced:
            return own
        if len(self._unpriced) >= MOST_UNPRICED or not _PLAIN.fullmatch(own):
            return OTHER
        self._unpriced.add(own)
        return own
