"""Requests under one client's key, and what the key is charged for them."""

from typing import Any

from llm_cache_proxy.domain.client_keys.limits import KeyRecord
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.ports.exact_store.keys import HeldKey
from unit.pipeline.harness import COMPLETION_NANO, PROMPT_NANO, Harness, ReceivedAnswer

TENANT, KEY = "acme", "00000000000000aa"
PROMPT, PARAPHRASE = "What is Rust?", "Tell me what Rust is"
REPORTED_TOKENS, REPORTED_NANO = 15, 10 * PROMPT_NANO + 5 * COMPLETION_NANO
"""What the fake upstream says that it took."""


async def with_key(harness: Harness, **changes: Any) -> None:
    record = KeyRecord(name="ci", created_at=1, **changes)
    assert await harness.exact.write_key(TENANT, KEY, record)


async def ask(harness: Harness, text: str = PROMPT, **changes: Any) -> ReceivedAnswer:
    return await harness.ask(text, **{"tenant": TENANT, "key_id": KEY, **changes})


async def begin(harness: Harness, text: str = PROMPT, **changes: Any) -> Answer:
    return await harness.begin(text, **{"tenant": TENANT, "key_id": KEY, **changes})


def held(harness: Harness) -> HeldKey:
    return harness.exact.keys[TENANT, KEY]


def charged(harness: Harness) -> tuple[int, int]:
    return held(harness).usage.tokens, held(harness).usage.nano_dollars


def reserved(harness: Harness, completion_tokens: int = 1_024) -> tuple[int, int]:
    """What is reserved for the last call, whose body the upstream was sent as it came."""
    prompt = -(-len(harness.upstream.calls[-1].body) // 4)
    nano = prompt * PROMPT_NANO + completion_tokens * COMPLETION_NANO
    return prompt + completion_tokens, nano
