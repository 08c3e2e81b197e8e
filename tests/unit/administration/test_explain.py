"""Facts about explanations: they say what would happen, and nothing happens."""

import pytest

from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.policy import Policy
from unit.pipeline.harness import Harness

PROMPT = "What is Rust?"
PARAPHRASE = "Tell me what Rust is"


@pytest.fixture
def harness() -> Harness:
    made = Harness()
    made.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    return made


async def explain(harness: Harness, prompt: str = PROMPT, **fields: object) -> JsonObject:
    given = {"prompt": prompt, "model": "m", **fields}
    return await Explanation(harness.pipeline).explain(Fields(given))


async def test_an_unknown_prompt_would_miss(harness: Harness) -> None:
    answer = await explain(harness)

    assert (answer["result"], answer["reason"], answer["entry"]) == ("MISS", "not-found", None)
    assert answer["candidates"] == []


async def test_the_same_prompt_would_hit_exactly_with_time_left(harness: Harness) -> None:
    asked = await harness.ask(PROMPT)
    again = await harness.ask(PROMPT)
    harness.exact.time += 60

    answer = await explain(harness, "what is  RUST?")

    assert asked.x_cache == "MISS"
    assert (answer["result"], answer["reason"]) == ("HIT-EXACT", "normalised")
    assert str(answer["entry"]).startswith(f"{again.outcome.entry_id}-")
    assert (answer["age_seconds"], answer["ttl_seconds"]) == (60, 86_340)


async def test_a_paraphrase_would_be_a_semantic_hit_and_leaves_no_promotion(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)

    first, second = await explain(harness, PARAPHRASE), await explain(harness, PARAPHRASE)

    assert first["result"] == second["result"] == "HIT-SEMANTIC"
    assert first["similarity"] == pytest.approx(0.94)
    [near] = first["candidates"] if isinstance(first["candidates"], list) else []
    assert (near["verdict"], near["rule"], near["above_threshold"]) == ("accepted", None, True)


async def test_an_expired_answer_that_would_be_given_is_reported_and_not_counted() -> None:
    harness = Harness(Policy(default_ttl_seconds=100, stale_while_revalidate_seconds=60))
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE)
    harness.exact.time += 100
    before = harness.exact.counted()

    answer, promoted = await explain(harness), await explain(harness, PARAPHRASE)

    assert (answer["result"], answer["reason"]) == ("STALE", "stale-while-revalidate")
    assert promoted["result"] == "MISS"  # as the request itself would: nobody renews through it
    assert harness.exact.counted() == before
    assert (await harness.ask(PARAPHRASE)).x_cache == "MISS"


async def test_a_veto_is_reported_with_its_rule(harness: Harness) -> None:
    harness.embedder.set_similarity("Give me 3 facts", "Give me 5 facts", 0.99)
    await harness.ask("Give me 3 facts")

    answer = await explain(harness, "Give me 5 facts")

    [near] = answer["candidates"] if isinstance(answer["candidates"], list) else []
    assert answer["result"] == "MISS"
    assert near["verdict"] == "veto"
    assert answer["reason"] == f"guard:{near['rule']}"


async def test_a_stored_prompt_is_shown_only_where_that_is_requested(harness: Harness) -> None:
    await harness.ask(PROMPT)

    without, shown = (
        await explain(harness, PARAPHRASE),
        await explain(harness, PARAPHRASE, texts=True),
    )

    assert PROMPT not in str(without)
    assert PROMPT in str(shown["candidates"])


async def test_an_explanation_calls_no_upstream_and_counts_and_stores_nothing(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)
    counted = harness.exact.counted()
    entries, calls = harness.exact.entries, len(harness.upstream.calls)

    await explain(harness, PROMPT)
    await explain(harness, PARAPHRASE)
    await explain(harness, "Something else")

    assert harness.exact.counted() == counted
    assert harness.exact.entries == entries
    assert len(harness.upstream.calls) == calls


async def test_a_request_that_no_similar_answer_may_serve_is_explained_by_why(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)

    answer = await explain(harness, PARAPHRASE, headers={"x-cache-mode": "exact"})

    assert (answer["result"], answer["reason"]) == ("MISS", "exact-mode")


async def test_headers_and_tenant_are_heeded(harness: Harness) -> None:
    await harness.ask(PROMPT, tenant="a")

    own = await explain(harness, tenant="a")
    others = await explain(harness, tenant="b")
    bypassed = await explain(harness, tenant="a", headers={"X-Bypass-Cache": "true"})
    unread = await explain(harness, tenant="a", headers={"x-cache-mode": "write-only"})

    assert [answer["result"] for answer in (own, others, bypassed, unread)] == [
        "HIT-EXACT",
        "MISS",
        "BYPASS",
        "MISS",
    ]
    assert unread["reason"] == "write-only"


async def test_a_whole_request_can_be_explained(harness: Harness) -> None:
    await harness.ask(PROMPT, temperature=0.5)
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": PROMPT}],
        "temperature": 0.5,
    }

    answer = await Explanation(harness.pipeline).explain(Fields({"request": request}))

    assert answer["result"] == "HIT-EXACT"


async def test_a_system_prompt_makes_another_request(harness: Harness) -> None:
    await harness.ask(PROMPT)

    assert (await explain(harness, system="Be brief."))["result"] == "MISS"


async def test_an_entry_that_only_the_semantic_tier_holds_is_reported_as_cleared(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)
    harness.exact.forget_entries()

    answer = await explain(harness, PARAPHRASE)

    assert (answer["result"], answer["reason"]) == ("MISS", "cleared")
    assert harness.exact.entries == {}


async def test_a_store_that_is_unavailable_is_the_reason(harness: Harness) -> None:
    harness.exact.away = True

    assert (await explain(harness))["reason"] == "exact-unavailable"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"prompt": "p"},
        {"model": "m"},
        {"request": {"model": "m", "messages": []}, "prompt": "p"},
        {"request": {"messages": "?"}},
        {"request": []},
        {"prompt": "p", "model": "m", "colour": "red"},
    ],
)
async def test_what_describes_no_request_is_refused(
    harness: Harness, fields: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest):
        await Explanation(harness.pipeline).explain(Fields(fields))


async def test_a_model_that_no_upstream_serves_is_not_found(harness: Harness) -> None:
    harness.upstream.route_list = []

    with pytest.raises(NotFound):
        await explain(harness)
