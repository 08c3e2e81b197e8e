"""Checks a client's key for requests that bypass the cache, in a round trip of its own.

A request without a key is admitted unchecked.
"""

from collections.abc import Mapping

from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.client_keys.limits import KeyCheck
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.client_keys import ClientKeyGate
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.exact import NO_KEY
from llm_cache_proxy.ports.exact_store.store import ExactStore, Lookup


@record()
class Admission:
    """Each method returns the request's state with what the key's limits leave.

    Each raises RequestRefused if the key is not served.
    """

    store: ExactStore
    dependency: Dependency
    keys: ClientKeyGate

    async def free(self, client: Client, model: str | None = None) -> RequestState:
        """Admit a request that costs nothing; `model` is None if it needs none."""
        check = KeyCheck(client.key_id or "", model, None, reserves=False)
        return await self._admit(client, check)

    async def to_upstream(
        self,
        client: Client,
        *,
        model: str,
        routed: str,
        body: bytes,
        fields: Mapping[str, object],
        generates: bool,
    ) -> RequestState:
        """Admit a request that the upstream bills, with a charge in its account.

        `model` is empty where the request does not name it, `routed` its name at the upstream;
        `generates` says that there are completion tokens.
        """
        check = self.keys.upstream_check(client, model, routed, body, fields, generates=generates)
        return await self._admit(client, check)

    async def _admit(self, client: Client, check: KeyCheck) -> RequestState:
        state = RequestState()
        if client.key_id is None:
            return state
        query = Lookup(client.tenant, NO_KEY, Form.JSON, "", check=check)
        answer = await self.dependency.attempt(state, lambda: self.store.lookup(query))
        self.keys.passed(client, state, check, answer)
        self.keys.may_ask_upstream(client, state, model=check.model or "")
        return state
