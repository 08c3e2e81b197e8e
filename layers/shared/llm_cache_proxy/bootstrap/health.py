"""Checks whether the parts work: one verdict for clients, operators and the dashboard.

Clients see what is amiss and not why: messages name folders, hosts and users.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import cast

from llm_cache_proxy.adapters.embedder.minilm.embedder import MiniLMEmbedder
from llm_cache_proxy.adapters.null import NullEmbedder, NullUpstream
from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
from llm_cache_proxy.administration.metrics.store_health import Check, StoreHealth
from llm_cache_proxy.administration.metrics.upstream_health import UpstreamHealth
from llm_cache_proxy.bootstrap.functions.priming import prime_everything
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.bootstrap.upstreams import upstream_configs
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.pipeline.options import Dependencies
from llm_cache_proxy.settings import Settings

_LOOK_SECONDS = 30.0
_OLD_SECONDS = 30.0
_CHECKED = {"exact": "exact", "search": "semantic", "embed": "embedder"}
"""The check of each dependency of requests."""
_STATES = {
    "ok": "ok",
    "degraded": "degraded",
    "refuses_writes": "refuses_writes",
    "unavailable": "away",
    "off": "off",
}
_NAMES = {
    "exact": "exact tier",
    "semantic": "semantic tier",
    "embedder": "embedder",
    "upstream": "upstream",
}
"""The name of each part in `Parts.described`."""
_AT_THE_START = {
    "unavailable": "does not answer, so nothing comes from it until it does",
    "refuses_writes": "takes no writes, so nothing new is stored there",
    "degraded": "works",
}
_AMISS = {
    "away": "does not answer",
    "refuses_writes": "takes no writes",
    "degraded": "works, and an operator should look at /admin/health",
}


def latest_health(settings: Settings, parts: Parts, *, frozen: bool = False) -> LatestHealth:
    """Over these parts; with `frozen` nothing runs after an answer: callers wait for the check."""
    clock = SystemClock()
    others: dict[str, Check] = {}
    if settings.semantic_cache and not isinstance(parts.embedder, MiniLMEmbedder | NullEmbedder):
        others["embedder"] = _embedding(parts)
    if not isinstance(parts.upstream, NullUpstream):
        others["upstream"] = _upstream_health(settings, parts).check
    health = StoreHealth(parts.exact, parts.vectors, clock, others=others)
    old_seconds = 0.0 if frozen else _OLD_SECONDS
    prepare = partial(_import_products, settings)
    return LatestHealth(health, clock, prepare, old_seconds=old_seconds)


async def _import_products(settings: Settings) -> None:
    """Import products before the checks: a first import is no slowness of the part."""
    both = settings.model_copy(update={"semantic_cache": True})  # its store is checked either way
    await asyncio.to_thread(prime_everything, both)


def public_health(verdict: JsonObject, watched: Dependencies) -> dict[str, object]:
    """The verdict without the parts' messages; a tier whose breaker is open is away in any case."""
    found = cast("Mapping[str, Mapping[str, str]]", verdict["parts"])
    states = {name: _STATES[part["status"]] for name, part in found.items()}
    tiers = {one.name: states.get(_CHECKED.get(one.name, ""), "ok") for one in watched.all()}
    tiers |= {one.name: "away" for one in watched.all() if one.breaker.is_open}
    upstream = states.get("upstream", "ok")
    amiss = {
        name: _AMISS[state]
        for name, state in {**tiers, "upstream": upstream}.items()
        if state in _AMISS
    }
    return {
        "status": "degraded" if amiss else "ok",
        "reasons": [f"{name}: {said}" for name, said in amiss.items()],
        "tiers": tiers,
        "upstream": upstream,
    }


def what_is_amiss(verdict: JsonObject, described: Mapping[str, str]) -> list[str]:
    """A line for people on each part that does not work, by what it is."""
    found = cast("Mapping[str, Mapping[str, str]]", verdict["parts"])
    lines = []
    for name, part in found.items():
        what = _NAMES[name]
        said, message = _AT_THE_START.get(part["status"]), part.get("message")
        if name == "upstream":  # one that gave no answer has a line of the call's own
            pieces = [] if message is None else message.split("; ")
            lines += [piece for piece in pieces if " failed: " not in piece]
        elif said is not None:
            lines.append(f"{what} ({described[what]}) {said}: {message}")
    return lines


def _embedding(parts: Parts) -> Check:
    async def embedded() -> str | None:
        await parts.embedder.embed(["health"])
        return None

    return embedded


def _upstream_health(settings: Settings, parts: Parts) -> UpstreamHealth:
    from llm_cache_proxy.adapters.upstream.pool import UpstreamPool

    pool = parts.upstream if isinstance(parts.upstream, UpstreamPool) else None
    return UpstreamHealth(
        parts.upstream,
        [config.name for config in upstream_configs(settings)],
        dict if pool is None else pool.failing,
        SystemClock(),
        _LOOK_SECONDS if _asks_upstreams(settings) else None,
    )


def _asks_upstreams(settings: Settings) -> bool:
    """Whether health checks call the upstreams: not if every key is a client's."""
    return settings.check_upstreams and not settings.upstream_key_from_client
