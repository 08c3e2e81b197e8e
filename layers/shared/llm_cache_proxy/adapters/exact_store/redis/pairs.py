"""Verdicts, samples and feedback on pairs of prompts, on any server that speaks Redis."""

from collections.abc import Sequence
from typing import cast

from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.adapters.exact_store.redis.records import malformed_is_unavailable, numbers
from llm_cache_proxy.adapters.exact_store.redis.scripts import RedisScripts
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.pairs import Standing

_VERDICTS = {"1": True, "0": False}


class RedisPairs(RedisScripts):
    """The `PairMemory` of a Redis server."""

    async def bar(self, tenant: str, pair: str) -> bool:
        """Never match this pair again; whether that is new."""
        added = numbers(await self._server.command("SADD", TenantNames(tenant).barred, pair), 1)
        await self._register(tenant)
        return added == [1]

    async def unbar(self, tenant: str, pair: str) -> bool:
        """Forget that the pair was barred; whether it was."""
        reply = await self._server.command("SREM", TenantNames(tenant).barred, pair)
        return numbers(reply, 1) == [1]

    async def verdicts(self, tenant: str, pairs: Sequence[str]) -> Sequence[bool | None]:
        """The stored verdicts on the pairs, in one command."""
        if not pairs:
            return []
        names = TenantNames(tenant)
        reply = await self._server.command("MGET", *(names.verdict(pair) for pair in pairs))
        if not isinstance(reply, list) or len(reply) != len(pairs):
            raise ExactStoreUnavailable("the exact store's verdicts make no sense")
        return [_VERDICTS.get(str(value)) for value in reply]

    async def remember(self, tenant: str, pair: str, *, approved: bool, ttl_seconds: int) -> None:
        """Keep a verifier's verdict on the pair for `ttl_seconds`."""
        name = TenantNames(tenant).verdict(pair)
        await self._server.command("SET", name, int(approved), "EX", ttl_seconds)
        await self._register(tenant)

    async def sampled(self, tenant: str, *, wrong: bool) -> Standing:
        """Count one shadow sample; the tenant's samples so far."""
        standing = await self._standing(tenant, str(int(wrong)))
        await self._register(tenant)
        return standing

    async def set_threshold(self, tenant: str, threshold: float, *, before: float) -> bool:
        """Replace the raised threshold `before`, if it still stands."""
        names = TenantNames(tenant)
        reply = await self._run("pairs/raise", [names.standing], repr(threshold), repr(before))
        return numbers(reply, 1) == [1]

    async def standing(self, tenant: str) -> Standing:
        """The tenant's threshold and samples now."""
        return await self._standing(tenant, "")

    async def _standing(self, tenant: str, sample: str) -> Standing:
        names = TenantNames(tenant)
        reply = await self._run("pairs/sampled", [names.standing, names.barred], sample)
        with malformed_is_unavailable():
            threshold, samples, wrong, barred = cast("list[str]", reply)
            return Standing(float(threshold), int(samples), int(wrong), int(barred))
