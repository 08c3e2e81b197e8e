"""What the request log and the upstream's own record add up to, for what the pages say."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from browser.help_desk import usage_of
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.domain.requests.reasons import NOTHING_READ
from servers.upstream.answers import prompt_of
from servers.upstream.scripts import Recorded

Line = Mapping[str, Any]
PRICES = default_prices()
HITS = ("HIT-EXACT", "HIT-SEMANTIC")
USING = ("MISS", "BYPASS")


@dataclass(frozen=True)
class LogFigures:
    """Figures of these lines."""

    lines: Sequence[Line]

    def of(self, *results: str, **fields: object) -> list[Line]:
        """The lines with one of the results, and with these fields."""
        chosen = (line for line in self.lines if not results or line["result"] in results)
        return [line for line in chosen if fields.items() <= line.items()]

    @property
    def looked_up(self) -> list[Line]:
        """Misses that could have been hits."""
        return [line for line in self.of("MISS") if line["reason"] not in NOTHING_READ]

    @property
    def hit_rate(self) -> float:
        """Of what could have been hit."""
        return len(self.of(*HITS)) / (len(self.of(*HITS)) + len(self.looked_up))

    def tokens(self, *results: str, **fields: object) -> int:
        """Tokens of answers with these results."""
        return sum(
            line.get("prompt_tokens", 0) + line.get("completion_tokens", 0)
            for line in self.of(*results, **fields)
        )

    def dollars(self, name: str, **fields: object) -> float:
        """Dollars spent or saved."""
        return float(sum(line.get(name, 0.0) for line in self.of(**fields)))

    def percentile(self, result: str, share: float) -> float:
        """Milliseconds that `share` of the answers with the result did not exceed."""
        spent = sorted(line["latency_ms"] for line in self.of(result))
        return float(spent[max(1, math.ceil(share * len(spent))) - 1])

    @property
    def bands(self) -> dict[str, tuple[int, int, int]]:
        """Requests by similarity, cut to hundredths: served, vetoed, and the others."""
        found: dict[str, list[int]] = {}
        for line in self.lines:
            if "similarity" in line:
                low = max(0, int(round(line["similarity"] * 100, 2))) / 100
                band = found.setdefault(f"{low:.2f}", [0, 0, 0])
                vetoed = line["reason"].startswith("guard:")
                band[0 if line["result"] in HITS else 1 if vetoed else 2] += 1
        return {low: (served, vetoed, others) for low, (served, vetoed, others) in found.items()}

    @property
    def vetoes(self) -> Counter[str]:
        """Vetoes by rule."""
        return self._summed("vetoes")

    @property
    def failures(self) -> Counter[str]:
        """What failed on the way, by kind."""
        return self._summed("failures")

    def _summed(self, name: str) -> Counter[str]:
        total = Counter[str]()
        for line in self.lines:
            total.update(line.get(name, {}))
        return total


def answered(requests: Iterable[Recorded]) -> list[tuple[str, dict[str, int]]]:
    """Model and usage of each answer that the upstream gave, samples among them."""
    return [
        (str(request.fields["model"]), usage_of(prompt_of(request)))
        for request in requests
        if "it fails" not in prompt_of(request)
    ]


def paid(answers: Iterable[tuple[str, dict[str, int]]]) -> float:
    """Dollars that the answers cost, those without a price left out."""
    return (
        sum(
            PRICES.cost(model, used["prompt_tokens"], used["completion_tokens"])
            for model, used in answers
        )
        / 1e9
    )
