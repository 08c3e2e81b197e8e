"""What operators say holds in every slot of a tenant, in those too that come later."""

from llm_cache_proxy.domain.entries.pairs import spelling_pair
from llm_cache_proxy.ports.exact_store.store import Barred, Commit, Match, Miss
from samples.stores.exact_entries import TENANT, asking, entry
from samples.stores.spread_tenant import KEYS, fill, spread


async def test_what_was_cleared_while_there_were_fewer_slots_stays_cleared(
    nodes: list[str],
) -> None:
    async with spread(nodes[0]) as store:
        await fill(store)
    async with spread(nodes[0], slots=2) as fewer:
        await fewer.cut(TENANT, "all")
    async with spread(nodes[0]) as again:
        found = [await again.lookup(asking(key)) for key in KEYS]
        kept = await again.commit(Commit(TENANT, entry("new", sequence=found[0].sequence)))  # type: ignore[union-attr]

        assert all(isinstance(answer, Miss) for answer in found)
        assert kept


async def test_pairs_and_a_threshold_hold_in_slots_that_come_later(nodes: list[str]) -> None:
    pair = spelling_pair("digest of a", "another")
    assert pair is not None
    async with spread(nodes[0], slots=1) as store:
        await store.bar(TENANT, pair)
        assert await store.set_threshold(TENANT, 0.98, before=0.0)
    async with spread(nodes[0]) as more:
        for key in ("a", *KEYS[:20]):
            await more.commit(Commit(TENANT, entry(key, text_digest="digest of a")))
            barred = await more.lookup(asking(key, text_digest="another"))
            assert isinstance(barred, Barred)
            below = await more.promote(
                TENANT, None, asking(key, text_digest="third"), Match(0.97, "other pair")
            )
            assert getattr(below, "raised_threshold", None) == 0.98


async def test_a_cut_takes_the_same_cutoff_everywhere(nodes: list[str]) -> None:
    async with spread(nodes[0]) as store:
        cutoff = await store.cut(TENANT, "tag:red")

        sequences = {(await store.lookup(asking(key))).sequence for key in KEYS}  # type: ignore[union-attr]
        assert sequences == {cutoff}
        assert not await store.commit(Commit(TENANT, entry("late", sequence=cutoff - 1)))
        assert await store.commit(Commit(TENANT, entry("next", sequence=cutoff)))
