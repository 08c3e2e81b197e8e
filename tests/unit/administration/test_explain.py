"""Facts about explanations: they say what would happen, and nothing happens."""

import copy

import pytest

from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.policy import Policy
from unit.pipeline.bench import Bench

ASKED = "What is Rust?"
ALIKE = "Tell me what Rust is"


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.embedder.alike(ASKED, ALIKE, 0.94)
    return made


async def explain(bench: Bench, prompt: str = ASKED, **fields: object) -> JsonObject:
    given = {"prompt": prompt, "model": "m", **fields}
    return await Explanation(bench.proxy).explain(Fields(given))


async def test_an_unknown_prompt_would_miss(bench: Bench) -> None:
    told = await explain(bench)

    assert (told["result"], told["reason"], told["entry"]) == ("MISS", "not-found", None)
    assert told["candidates"] == []


async def test_the_same_prompt_would_hit_exactly_with_time_left(bench: Bench) -> None:
    asked = await bench.ask(ASKED)
    again = await bench.ask(ASKED)
    bench.exact.time += 60

    told = await explain(bench, "what is  RUST?")

    assert asked.x_cache == "MISS"
    assert (told["result"], told["reason"]) == ("HIT-EXACT", "normalised")
    assert str(told["entry"]).startswith(f"{again.outcome.entry_id}-")
    assert (told["age_seconds"], told["ttl_seconds"]) == (60, 86_340)


async def test_a_paraphrase_would_hit_by_meaning_and_leaves_no_promotion(bench: Bench) -> None:
    await bench.ask(ASKED)

    first, second = await explain(bench, ALIKE), await explain(bench, ALIKE)

    assert first["result"] == second["result"] == "HIT-SEMANTIC"
    assert first["similarity"] == pytest.approx(0.94)
    [near] = first["candidates"] if isinstance(first["candidates"], list) else []
    assert (near["verdict"], near["rule"], near["above_threshold"]) == ("accepted", None, True)


async def test_an_expired_answer_that_would_be_given_is_told_and_not_counted() -> None:
    bench = Bench(Policy(default_ttl_seconds=100, stale_while_revalidate_seconds=60))
    bench.embedder.alike(ASKED, ALIKE, 0.94)
    await bench.ask(ASKED)
    await bench.ask(ALIKE)
    bench.exact.time += 100
    before = dict(bench.exact.counted["default"])

    told, promoted = await explain(bench), await explain(bench, ALIKE)

    assert (told["result"], told["reason"]) == ("STALE", "stale-while-revalidate")
    assert promoted["result"] == "MISS"  # as the request itself would: nobody renews through it
    assert {name: n for name, n in bench.exact.counted["default"].items() if n} == before
    assert (await bench.ask(ALIKE)).x_cache == "MISS"


async def test_a_veto_is_told_with_its_rule(bench: Bench) -> None:
    bench.embedder.alike("Give me 3 facts", "Give me 5 facts", 0.99)
    await bench.ask("Give me 3 facts")

    told = await explain(bench, "Give me 5 facts")

    [near] = told["candidates"] if isinstance(told["candidates"], list) else []
    assert told["result"] == "MISS"
    assert near["verdict"] == "veto"
    assert told["reason"] == f"guard:{near['rule']}"


async def test_a_stored_prompt_is_shown_only_where_that_is_asked_for(bench: Bench) -> None:
    await bench.ask(ASKED)

    without, shown = await explain(bench, ALIKE), await explain(bench, ALIKE, texts=True)

    assert ASKED not in str(without)
    assert ASKED in str(shown["candidates"])


async def test_explaining_asks_nobody_counts_nothing_and_stores_nothing(bench: Bench) -> None:
    await bench.ask(ASKED)
    counted = copy.deepcopy(bench.exact.counted)
    entries, calls = dict(bench.exact.entries), len(bench.upstream.calls)

    await explain(bench, ASKED)
    await explain(bench, ALIKE)
    await explain(bench, "Something else")

    assert {name: n for name, n in bench.exact.counted["default"].items() if n} == {
        name: n for name, n in counted["default"].items() if n
    }
    assert bench.exact.entries == entries
    assert len(bench.upstream.calls) == calls


async def test_headers_and_tenant_are_heeded(bench: Bench) -> None:
    await bench.ask(ASKED, tenant="a")

    own = await explain(bench, tenant="a")
    others = await explain(bench, tenant="b")
    bypassed = await explain(bench, tenant="a", headers={"X-Bypass-Cache": "true"})
    unread = await explain(bench, tenant="a", headers={"x-cache-mode": "write-only"})

    assert [told["result"] for told in (own, others, bypassed, unread)] == [
        "HIT-EXACT",
        "MISS",
        "BYPASS",
        "MISS",
    ]
    assert unread["reason"] == "write-only"


async def test_a_whole_request_can_be_explained(bench: Bench) -> None:
    await bench.ask(ASKED, temperature=0.5)
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": ASKED}],
        "temperature": 0.5,
    }

    told = await Explanation(bench.proxy).explain(Fields({"request": request}))

    assert told["result"] == "HIT-EXACT"


async def test_a_system_prompt_makes_another_request(bench: Bench) -> None:
    await bench.ask(ASKED)

    assert (await explain(bench, system="Be brief."))["result"] == "MISS"


async def test_an_entry_that_only_the_semantic_tier_holds_is_told_as_cleared(
    bench: Bench,
) -> None:
    await bench.ask(ASKED)
    bench.exact.entries.clear()

    told = await explain(bench, ALIKE)

    assert (told["result"], told["reason"]) == ("MISS", "cleared")
    assert bench.exact.entries == {}


async def test_a_store_that_is_away_is_the_reason(bench: Bench) -> None:
    bench.exact.away = True

    assert (await explain(bench))["reason"] == "exact-unavailable"


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
    bench: Bench, fields: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest):
        await Explanation(bench.proxy).explain(Fields(fields))


async def test_a_model_that_nobody_serves_is_not_found(bench: Bench) -> None:
    bench.upstream.route_list = []

    with pytest.raises(NotFound):
        await explain(bench)
