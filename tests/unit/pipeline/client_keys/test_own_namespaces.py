"""A client's key with a namespace of its own, and how it is learned."""

from llm_cache_proxy.domain.client_keys.limits import KeyRecord
from unit.pipeline.harness import Harness
from unit.pipeline.keyed import KEY, TENANT, ask, begin, held, with_key


async def test_a_key_brings_its_namespace_and_asks_twice_only_the_first_time(
    harness: Harness,
) -> None:
    await with_key(harness, namespace="shop")

    first = await ask(harness)
    commands = harness.exact.calls
    again = await begin(harness)

    assert (first.x_cache, again.outcome.result) == ("MISS", "HIT-EXACT")
    assert harness.exact.calls == commands + 1
    assert (await ask(harness, headers={"x-cache-namespace": "shop"})).x_cache == "HIT-EXACT"
    assert (await ask(harness, headers={"x-cache-namespace": "default"})).x_cache == "MISS"


async def test_a_changed_namespace_is_found_by_the_next_request(harness: Harness) -> None:
    await with_key(harness, namespace="shop")
    await ask(harness)
    moved = KeyRecord(name="ci", created_at=1, namespace="office")
    assert await harness.exact.write_key(TENANT, KEY, moved, instead_of=held(harness).record)

    assert (await ask(harness)).x_cache == "MISS"
    assert (await ask(harness)).x_cache == "HIT-EXACT"


async def test_a_refreshed_answer_goes_into_the_keys_own_namespace(harness: Harness) -> None:
    await with_key(harness, namespace="shop")

    await ask(harness, headers={"x-cache-mode": "refresh"})

    assert (await ask(harness)).x_cache == "HIT-EXACT"
    assert (await ask(harness, headers={"x-cache-namespace": "default"})).x_cache == "MISS"


async def test_namespaces_of_keys_that_are_not_seen_any_more_are_forgotten(
    harness: Harness,
) -> None:
    await with_key(harness, namespace="shop")
    known = harness.proxy.keys.namespaces
    known.update({("old", str(number)): "x" for number in range(10_000)})

    await ask(harness)

    assert len(known) == 10_000
    assert known[TENANT, KEY] == "shop"
