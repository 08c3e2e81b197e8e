"""An exact store that takes nothing in until a test lets it."""

import asyncio
from collections.abc import Mapping, Sequence

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.ports.exact_store.store import Commit


class HeldExact(MemoryExact):
    """Takes nothing in until its gate is opened; `fault` is raised then."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.commits = 0
        self.fault: BaseException | None = None

    async def commit(self, commit: Commit) -> bool:
        await self._opened()
        return await super().commit(commit)

    async def commit_items(
        self, tenant: str, entries: Sequence[Entry], counts: Mapping[str, int]
    ) -> bool:
        await self._opened()
        return await super().commit_items(tenant, entries, counts)

    async def _opened(self) -> None:
        self.commits += 1
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
