"""The semantic tier's modules are imported when it is first asked, not before."""

import asyncio
import sys
from dataclasses import replace

import pytest

from llm_cache_proxy.bootstrap.functions.priming import SemanticTierOnFirstUse
from llm_cache_proxy.settings import Settings
from unit.pipeline.harness import Harness


async def test_what_the_semantic_tier_needs_is_prepared_outside_its_deadlines() -> None:
    prepared: list[str] = []

    async def prepare() -> None:
        prepared.append("semantic")
        await asyncio.sleep(1.2)  # longer than any tier may take

    harness = Harness()
    harness.embedder.set_similarity("What is Rust?", "Tell me what Rust is", 0.94)
    semantic = replace(harness.proxy.semantic, prepare=prepare)
    entry_writer = replace(harness.proxy.miss.entry_writer, semantic=semantic)
    miss = replace(harness.proxy.miss, entry_writer=entry_writer)
    harness.proxy = replace(harness.proxy, semantic=semantic, miss=miss)

    await harness.ask("What is Rust?")
    answer = await harness.ask("Tell me what Rust is")

    assert prepared
    assert answer.x_cache == "HIT-SEMANTIC"


async def test_an_exact_hit_prepares_nothing() -> None:
    prepared: list[str] = []

    async def prepare() -> None:
        prepared.append("semantic")

    harness = Harness()
    await harness.ask("What is Rust?")
    semantic = replace(harness.proxy.semantic, prepare=prepare)
    harness.proxy = replace(harness.proxy, semantic=semantic)

    answer = await harness.ask("What is Rust?")

    assert answer.x_cache == "HIT-EXACT"
    assert prepared == []


async def test_a_product_that_is_not_installed_fails_no_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    first_use = SemanticTierOnFirstUse(Settings(embedding_function="embedding:live"))

    await first_use()

    assert "boto3 cannot be imported" in caplog.text
