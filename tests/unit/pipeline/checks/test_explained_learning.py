"""Facts about explanations of what was learned."""

from llm_cache_proxy.domain.promise import Tally
from llm_cache_proxy.domain.promise.evidence import GROUPS
from unit.pipeline.learning_harness import (
    explained,
    group,
    taught,
    teach,
)


async def test_an_explanation_shows_what_was_learned() -> None:
    harness = await taught()

    found = await explained(harness)

    assert (found["result"], found["reason"]) == ("HIT-SEMANTIC", "learned")
    assert found["learning"]["estimate"] <= found["learning"]["bound"] <= 0.05
    assert found["candidates"][0]["cell"] == {
        "group": None,
        "band": "0.850-0.900",
        "served": True,
        "trusted": False,
        "seen": 1_001,
        "labelled": 1_001,
        "differing": 9,
    }


async def test_an_explanation_shows_the_evidence_of_the_requests_own_surroundings() -> None:
    harness = await taught()
    await teach(harness, among=(group(harness) + 1) % GROUPS, accepted=Tally(1_000, 1_000, 400))

    found = await explained(harness)

    assert found["learning"]["group"] == found["candidates"][0]["cell"]["group"] == group(harness)
    assert found["learning"]["serves"]
    assert found["candidates"][0]["cell"]["differing"] == 9


async def test_an_explanation_reads_the_labels_once() -> None:
    harness = await taught()
    read = harness.exact.counter_reads

    await explained(harness)

    assert harness.exact.counter_reads == read + 1
