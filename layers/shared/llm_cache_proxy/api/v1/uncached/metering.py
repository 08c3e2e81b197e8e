"""The cost of an uncached answer for its client's key, read from the answer as it passes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.json_text import object_or_none
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.state import RequestState

_MOST_READ = 8_000_000

Tokens = tuple[int, int]
"""Prompt and completion tokens."""


def reported_tokens(body: bytes) -> Tokens | None:
    """The tokens that an answer reports in either OpenAI shape; None where it reports none."""
    answer = object_or_none(body)
    if answer is None:
        return None
    tokens = ChatDialect.token_counts(answer)
    tokens = tokens if any(tokens) else ResponsesDialect.token_counts(answer)
    return tokens if any(tokens) else None


@dataclass(frozen=True, slots=True)
class KeyCharge:
    """Charges a client's key what an answer of the model `routed` cost; without a charge, nothing.

    Called with the answer's tokens, or None where it reported none.
    """

    counter_writer: CounterWriter
    prices: PriceList
    tenant: str
    state: RequestState
    routed: str

    def __call__(self, tokens: Tokens | None) -> None:
        """Charge the key, once."""
        if tokens is None:
            self.state.charge_as_reserved()
        else:
            price = self.prices.price(self.prices.counted_name(self.routed))
            self.state.charge_actual(sum(tokens), 0 if price is None else price.cost(*tokens))
        if counts := self.state.counts.take():
            self.counter_writer.write_in_background(self.tenant, counts)

    @property
    def awaited(self) -> bool:
        """Whether anything is to be charged."""
        return self.state.account.charge is not None


async def metered(
    body: AsyncGenerator[bytes, None], charge: KeyCharge
) -> AsyncGenerator[bytes, None]:
    """The pieces of `body` as they come; `charge` is called with its tokens, however it ends."""
    held, reads = bytearray(), charge.awaited
    try:
        async with aclosing(body) as pieces:
            async for piece in pieces:
                if reads and len(held) <= _MOST_READ:
                    held += piece
                yield piece
    finally:
        charge(reported_tokens(bytes(held)) if reads and len(held) <= _MOST_READ else None)
