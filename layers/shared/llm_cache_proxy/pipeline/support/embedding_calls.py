"""Calls to the embedder, within its dependency's bounds, and counted if they cost money."""

import time
from collections.abc import Sequence

from llm_cache_proxy.domain.metrics.counter_names import embedding_counts, latency_counts
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.ports.embedder import Embedder, Embedding


@record()
class EmbeddingCalls:
    """The embedder as the steps of a request ask it."""

    embedder: Embedder
    dependency: Dependency
    prices: PriceList

    async def embed(self, state: RequestState, texts: Sequence[str]) -> list[Embedding] | None:
        """One embedding a text, in order; None where the embedder does not answer."""
        start = time.perf_counter()
        found = await self.dependency.attempt(state, lambda: self.embedder.embed(texts))
        model = self.embedder.priced_as
        if found is not None and model:
            spent = (time.perf_counter() - start) * 1000
            tokens = sum(one.tokens for one in found)
            counted = self.prices.counted_name(model)
            is_priced = self.prices.price(counted) is not None
            cost = self.prices.cost(counted, tokens, 0) if is_priced else None
            state.counts.add(embedding_counts(tokens, cost) | latency_counts("embedding", spent))
        return found
