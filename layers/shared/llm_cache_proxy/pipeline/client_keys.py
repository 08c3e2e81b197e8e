"""Checks a client's key in the round trips of the tiers.

The key's signature was checked before; the record is checked here, with the lookup. While the store
is away, only the signature is known: such keys are served at a modest rate.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import overload

from llm_cache_proxy.domain.client_keys.estimates import expected_tokens
from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.client_keys.limits import KeyCheck
from llm_cache_proxy.domain.client_keys.local_rate import LocalRate
from llm_cache_proxy.domain.client_keys.refusals import refused_key
from llm_cache_proxy.domain.client_keys.usage import Charge, day_of, month_of
from llm_cache_proxy.domain.errors import LimitReached
from llm_cache_proxy.domain.metrics.counter_names import error_count
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.planned_request import ClientRequest, PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.items import ItemsAnswered, ItemsFound
from llm_cache_proxy.ports.exact_store.store import Answered, Found, OtherNamespace, Refused

_MOST_NAMESPACES = 10_000


@record()
class ClientKeyGate:
    """`unchecked` limits requests by signature only; `namespaces` are those of known keys."""

    counter_writer: CounterWriter
    clock: Clock
    prices: PriceList
    unchecked: LocalRate
    namespaces: dict[tuple[str, str | None], str]

    def placed(self, request: ClientRequest) -> ClientRequest:
        """The request in its key's own namespace as far as that is known."""
        known = self.namespaces.get(_name(request.client))
        return request if known is None else _in_namespace(request, known)

    def learned(self, request: ClientRequest, namespace: str) -> ClientRequest:
        """The request in its key's own namespace, which the store has just reported."""
        while len(self.namespaces) >= _MOST_NAMESPACES:
            self.namespaces.pop(next(iter(self.namespaces)))
        self.namespaces[_name(request.client)] = namespace
        return _in_namespace(request, namespace)

    def check(self, planned: PlannedRequest, state: RequestState) -> KeyCheck:
        """The check of the client's key for the store to make."""
        request = planned.request
        own = not request.controls.names_namespace and planned.plan.bypass is None
        first = state.account.grant is None
        check = self.upstream_check(
            request.client,
            request.model,
            planned.identity.model,
            request.body,
            request.fields,
            generates=request.dialect.generates,
        )
        if not request.dialect.bills_tokens:
            check = replace(check, tokens=0, nano_dollars=0)
        return replace(
            check,
            namespace=request.controls.namespace if own and first else None,
            counts_request=first,
            reserves=not planned.plan.only_if_cached,
        )

    def upstream_check(
        self,
        client: Client,
        model: str,
        routed: str,
        body: bytes,
        fields: Mapping[str, object],
        *,
        generates: bool = True,
    ) -> KeyCheck:
        """The check for a request that the upstream may have to answer.

        `routed` is the model's name at the upstream, whose price counts.
        """
        tokens = expected_tokens(body, fields, generates=generates)
        price = self.prices.price(self.prices.counted_name(routed))
        return KeyCheck(
            key_id=client.key_id or "",
            model=model,
            namespace=None,
            tokens=sum(tokens),
            nano_dollars=None if price is None else price.cost(*tokens),
        )

    @overload
    def passed(  # type: ignore[overload-overlap]  # where they overlap, both give the same
        self, client: Client, state: RequestState, check: KeyCheck | None, answer: Answered | None
    ) -> Found | OtherNamespace | None: ...

    @overload
    def passed(
        self,
        client: Client,
        state: RequestState,
        check: KeyCheck | None,
        answer: ItemsAnswered | None,
    ) -> ItemsFound | OtherNamespace | None: ...

    def passed(
        self,
        client: Client,
        state: RequestState,
        check: KeyCheck | None,
        answer: Answered | ItemsAnswered | None,
    ) -> Found | ItemsFound | OtherNamespace | None:
        """What the lookup found, if the key (if any) is served; None if the store is away.

        Raises RequestRefused if the key is not served.
        """
        if isinstance(answer, Refused):
            kind = error_count(f"key_{answer.refusal}")
            self.counter_writer.later(client.tenant, kind)
            model = None if check is None else check.model
            raise refused_key(answer.refusal, answer.grant, model=model)
        if isinstance(answer, OtherNamespace):
            return answer
        if answer is not None and answer.grant is not None:
            state.account.grant = answer.grant
            state.account.charge = answer.grant.charge or state.account.charge
        uncounted = state.account.grant is not None and not state.account.grant.counted
        if check is not None and (answer is None or uncounted):
            self._serve_unchecked(client, state)
        return answer

    def may_ask_upstream(self, client: Client, state: RequestState, *, model: str) -> None:
        """Raise RequestRefused where the key's budgets forbid it."""
        grant = state.account.grant
        if grant is not None and grant.short is not None:
            self.counter_writer.later(client.tenant, error_count(f"key_{grant.short}"))
            raise refused_key(grant.short, grant, model=model)

    def _serve_unchecked(self, client: Client, state: RequestState) -> None:
        if state.account.unchecked:
            return
        wait = self.unchecked.wait_seconds(client.tenant, self.clock.monotonic())
        if wait:
            self.counter_writer.later(client.tenant, error_count("key_unchecked_rate"))
            raise LimitReached(
                "The proxy cannot check limits at the moment and serves fewer requests meanwhile.",
                retry_after_seconds=max(1, round(wait)),
            )
        state.account.unchecked = True
        state.counts.add(error_count("key_unchecked"))
        now = self.clock.now()
        state.account.charge = state.account.charge or Charge(
            client.key_id or "", day_of(now), month_of(now)
        )


def _in_namespace(request: ClientRequest, namespace: str) -> ClientRequest:
    if request.controls.names_namespace:
        return request
    return replace(request, controls=replace(request.controls, namespace=namespace))


def _name(client: Client) -> tuple[str, str | None]:
    """The client without its upstream key, which is stored nowhere."""
    return client.tenant, client.key_id
