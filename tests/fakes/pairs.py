"""What is remembered of pairs, in memory."""

from collections.abc import Sequence
from dataclasses import replace

from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.pair_memory import Standing


class FakePairs:
    """The part of the fake exact tier that is `PairMemory`; `time` turns as the store's does."""

    time: float

    def __init__(self) -> None:
        self.forgets = False
        self.keeps_samples = True
        self.raises = True
        self.barred: set[tuple[str, str]] = set()
        self.judged: dict[tuple[str, str], tuple[bool, float]] = {}
        self._standings: dict[str, Standing] = {}

    async def bar(self, tenant: str, pair: str) -> bool:
        self._call()
        new = (tenant, pair) not in self.barred
        self.barred.add((tenant, pair))
        return new

    async def unbar(self, tenant: str, pair: str) -> bool:
        self._call()
        known = (tenant, pair) in self.barred
        self.barred.discard((tenant, pair))
        return known

    async def verdicts(self, tenant: str, pairs: Sequence[str]) -> Sequence[bool | None]:
        self._call()
        if self.forgets:
            raise ExactStoreUnavailable("the fake exact store does not remember")
        kept = [self.judged.get((tenant, pair), (None, 0.0)) for pair in pairs]
        return [approved if ends > self.time else None for approved, ends in kept]

    async def remember(self, tenant: str, pair: str, *, approved: bool, ttl_seconds: int) -> None:
        self._call()
        self.judged[tenant, pair] = (approved, self.time + ttl_seconds)

    async def sampled(self, tenant: str, *, wrong: bool) -> Standing:
        self._call()
        if not self.keeps_samples:
            raise ExactStoreUnavailable("the fake exact store keeps no samples")
        was = self._standings.get(tenant, Standing())
        self._standings[tenant] = replace(was, samples=was.samples + 1, wrong=was.wrong + wrong)
        return self._standing(tenant)

    async def set_threshold(self, tenant: str, threshold: float, *, before: float) -> bool:
        self._call()
        if not self.raises or self._standing(tenant).raised_threshold != before:
            return False
        self._standings[tenant] = Standing(raised_threshold=threshold)
        return True

    async def standing(self, tenant: str) -> Standing:
        self._call()
        return self._standing(tenant)

    def _known(self) -> set[str]:
        return {tenant for tenant, _ in self.barred} | set(self._standings)

    def _is_barred(self, tenant: str, pair: str) -> bool:
        return (tenant, pair) in self.barred

    def _standing(self, tenant: str) -> Standing:
        barred = sum(place[0] == tenant for place in self.barred)
        return replace(self._standings.get(tenant, Standing()), barred=barred)

    def _call(self) -> None:
        """One command."""
