"""The exact store within one hash slot, and the further calls that a spread tenant needs."""

import time
from collections.abc import Sequence
from typing import cast

from llm_cache_proxy.adapters.exact_store.redis.key_checks import check_text, keyed
from llm_cache_proxy.adapters.exact_store.redis.names import CHECKED, TenantNames
from llm_cache_proxy.adapters.exact_store.redis.records import (
    malformed_is_unavailable,
    numbers,
    texts,
)
from llm_cache_proxy.adapters.exact_store.redis.scripts import Argument
from llm_cache_proxy.adapters.exact_store.redis.store import RedisExactStore
from llm_cache_proxy.domain.client_keys.limits import Grant, KeyCheck
from llm_cache_proxy.domain.entries.entry import Alias
from llm_cache_proxy.ports.exact_store.items import ItemsFound
from llm_cache_proxy.ports.exact_store.leases import Lease
from llm_cache_proxy.ports.exact_store.store import OtherNamespace, Refused

_AT_ONCE = 1_000
"""The most pairs that one script is given."""
_NOTHING = ItemsFound({}, sequence=0, now=0)


class GroupStore(RedisExactStore):
    """One store for every group: a group's name stands where a tenant's does."""

    async def admit(self, home: str, check: KeyCheck) -> Grant | OtherNamespace | Refused:
        """The grant of a key that is served; nothing is looked up."""
        names = TenantNames(home)
        words = check_text(check, time.time())
        reply = await self._run("client_keys/admit", [names.client_keys, names.usage], words)
        said = keyed(reply, check, lambda _: _NOTHING)
        return (said.grant or Grant()) if isinstance(said, ItemsFound) else said

    async def leave(self, group: str, alias: Alias, target_in: str, held: Lease | None) -> None:
        """Leave an alias whose target is in another group, and end the lease."""
        names = TenantNames(group)
        target = TenantNames(target_in).record(alias.target)
        facts = texts(await self._run("entries/facts", [target]))
        if not facts:  # gone in the meantime
            if held is not None:
                await self.release(group, held)
            return
        with malformed_is_unavailable():
            version, created, expires, sequence, selectors, left = facts
        fields: dict[str, Argument] = {
            "v": version,
            "c": created,
            "x": expires,
            "q": sequence,
            "g": selectors,
            "h": alias.text_digest,
            "a": alias.target,
            "r": repr(alias.similarity),
            "d": alias.decision_version,
            "e": alias.embedder_id,
            "b": alias.pair,
        }
        words = [word for field in fields.items() for word in field]
        lease = names.lease("" if held is None else held.flight)
        token: Argument = "" if held is None else held.token
        await self._run("entries/leave", [names.record(alias.key), lease], token, left, *words)
        await self._register(group)

    async def next_cutoff(self, group: str) -> int:
        """The cutoff that a `cut` would take there."""
        return numbers(await self._run("clears/next_cutoff", [TenantNames(group).sequence]), 1)[0]

    async def raise_cutoffs(self, group: str, sequence: int, cutoffs: Sequence[Argument]) -> None:
        """Raise the sequence and cutoffs (selector and cutoff in turn) to these."""
        names = TenantNames(group)
        await self._run("clears/raise_cutoff", [names.cutoffs, names.sequence], sequence, *cutoffs)

    async def cutoffs(self, group: str) -> tuple[int, list[Argument]]:
        """The sequence, and selector and cutoff in turn."""
        names = TenantNames(group)
        sequence = await self._server.command("GET", names.sequence)
        held = texts(await self._server.command("HGETALL", names.cutoffs))
        with malformed_is_unavailable():
            return int(str(sequence or "0")), list(held)

    async def barred_pairs(self, group: str) -> list[str]:
        """Every pair that feedback has barred."""
        return texts(await self._server.command("SMEMBERS", TenantNames(group).barred))

    async def trust(self, group: str, threshold: float, pairs: Sequence[str]) -> None:
        """Store the raised threshold, and these pairs beside those that are barred."""
        names = TenantNames(group)
        keys = [names.barred, names.standing]
        for start in range(0, max(1, len(pairs)), _AT_ONCE):
            words = pairs[start : start + _AT_ONCE]
            await self._run("pairs/trust", keys, repr(threshold), *words)

    async def known_slots(self, home: str) -> str:
        """The number of groups that the tenant was spread over last, as stored there."""
        held = await self._server.command("GET", TenantNames(home).slots)
        return "" if held is None else str(held)

    async def know_slots(self, home: str, count: int) -> None:
        """Store the number of groups that the tenant is spread over."""
        await self._server.command("SET", TenantNames(home).slots, count)

    async def groups(self) -> list[str]:
        """Every group that has ever stored or counted."""
        return cast("list[str]", await self.tenants())

    async def check_at(self, number: int) -> str | None:
        """Do what `check` does, on a key in a slot of its own for each number."""
        return await self._checked(f"{CHECKED}:{number}")
