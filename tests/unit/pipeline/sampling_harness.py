"""The pipeline with sampled hits: a prompt, another that is near, and what the upstream says."""

import json
from typing import Any

from fakes.upstream import completion
from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
from llm_cache_proxy.ports.exact_store.pairs import Standing
from unit.pipeline.harness import Harness, ReceivedAnswer

PROMPT = "What is Rust?"
PARAPHRASE = "Tell me what Rust is"
READ_ONLY = {"x-cache-mode": "read-only"}


def sampling(**changes: Any) -> Harness:
    harness = Harness(shadow=ShadowRules(rate=0.01), **changes)
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    return harness


def says(harness: Harness, text: str, status: int = 200) -> None:
    harness.upstream.queue([json.dumps(completion(text)).encode()], status)


async def standing(harness: Harness) -> Standing:
    return await harness.exact.standing("default")


async def hit(harness: Harness, **changes: Any) -> ReceivedAnswer:
    return await harness.ask(PARAPHRASE, headers=READ_ONLY, **changes)
