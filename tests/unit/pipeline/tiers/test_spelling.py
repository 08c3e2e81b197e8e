"""Facts about other spellings: capitals that change a meaning, and spaces."""

import pytest

from fakes.embedder import FakeEmbedder
from fakes.exact import MemoryExact
from fakes.upstream import FakeUpstream
from fakes.vectors import FakeVectors
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.bootstrap.pipeline import policy
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.settings import Settings
from unit.pipeline.harness import Harness

RESPELT = [
    ("What does %M print in date?", "What does %m print in date?"),
    ("How much is 5 mW?", "How much is 5 MW?"),
    ("What is the ASCII code of A?", "What is the ASCII code of a?"),
    ("Kommen Sie morgen?", "Kommen sie morgen?"),
    ("What does chmod u+S do?", "What does chmod u+s do?"),
    ("What is Rust?", "what is rust?"),
    ("What is Rust?", "What  is Rust?"),
]
IN_BOTH_TIERS = {"x-cache-normalize": "false"}
EXACT = {"x-cache-mode": "exact"}


def policy_of(preset: str) -> Policy:
    parts = Parts(MemoryExact(), FakeVectors(), FakeEmbedder(), FakeUpstream(), {})
    return policy(Settings.model_validate({"semantic_preset": preset}), parts)


@pytest.mark.parametrize(("asked", "respelt"), RESPELT)
@pytest.mark.parametrize(
    ("preset", "headers"), [("off", {}), ("balanced", EXACT), ("balanced", IN_BOTH_TIERS)]
)
async def test_where_spelling_counts_no_other_spelling_is_served_by_any_tier(
    preset: str, headers: dict[str, str], asked: str, respelt: str
) -> None:
    harness = Harness(policy_of(preset))
    harness.embedder.set_similarity(asked, respelt, 1.0)
    await harness.ask(asked)

    other = await harness.ask(respelt, headers=headers)
    again = await harness.ask(respelt, headers=headers)
    first = await harness.ask(asked, headers=headers)

    assert (other.x_cache, other.said) == ("MISS", "answer 2")
    assert (again.x_cache, again.said) == ("HIT-EXACT", "answer 2")
    assert first.said == "answer 1"


async def test_with_the_preset_off_another_wording_is_never_served() -> None:
    harness = Harness(policy_of("off"))
    harness.embedder.set_similarity("What is Rust?", "Tell me what Rust is", 1.0)
    await harness.ask("What is Rust?")

    other = await harness.ask("Tell me what Rust is")

    assert (other.x_cache, other.outcome.reason) == ("MISS", "semantic-off")


@pytest.mark.parametrize(("asked", "respelt"), RESPELT[:5])
async def test_by_default_capitals_that_change_a_meaning_are_never_served(
    asked: str, respelt: str
) -> None:
    harness = Harness(policy_of("balanced"))
    harness.embedder.set_similarity(asked, respelt, 1.0)
    await harness.ask(asked)

    other = await harness.ask(respelt)

    assert (other.x_cache, other.said) == ("MISS", "answer 2")
