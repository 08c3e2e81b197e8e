"""What an upstream's answer adds to the counters, and when it is written."""

from collections.abc import Callable
from dataclasses import dataclass

from llm_cache_proxy.domain.counting import BYPASSES, MISSES, miss_counts
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.served import Usage
from llm_cache_proxy.pipeline.asked import Asked
from llm_cache_proxy.pipeline.ledger import Ledger
from llm_cache_proxy.pipeline.trail import Trail


@dataclass(frozen=True, slots=True)
class Accounting:
    """Counts answers of the upstream; `counted_model` names a model as it is counted."""

    ledger: Ledger
    counted_model: Callable[[str], str]

    def count(self, asked: Asked, trail: Trail, completion: JsonObject) -> None:
        """Add the result and the tokens of an answer to the trail."""
        model = self.counted_model(asked.identity.model)
        tokens = asked.request.dialect.token_counts(completion)
        trail.usage = Usage(model, *tokens, saved=False)
        counts = miss_counts(model, *tokens)
        if asked.plan.bypass is not None:
            counts[BYPASSES] = counts.pop(MISSES)
        trail.count(counts)

    async def write(self, asked: Asked, trail: Trail, completion: JsonObject) -> None:
        """Count an answer of which nothing is kept, before it is sent."""
        self.count(asked, trail, completion)
        await self.ledger.write(asked.request.tenant, trail.counts)

    def settle(self, asked: Asked, trail: Trail, completion: JsonObject) -> None:
        """Count an answer that was lost or left, whatever becomes of the caller."""
        self.count(asked, trail, completion)
        self.ledger.settle(asked.request.tenant, trail.counts)
