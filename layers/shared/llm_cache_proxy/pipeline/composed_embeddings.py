"""Composes the path of a batch of embeddings."""

from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.client_keys import ClientKeyGate
from llm_cache_proxy.pipeline.embeddings.batches import CachedEmbeddings
from llm_cache_proxy.pipeline.embeddings.followed import FollowedItems
from llm_cache_proxy.pipeline.embeddings.in_flight import ItemsInFlight
from llm_cache_proxy.pipeline.embeddings.item_leases import ItemLeases
from llm_cache_proxy.pipeline.embeddings.item_tier import ItemTier
from llm_cache_proxy.pipeline.embeddings.item_writer import ItemWriter
from llm_cache_proxy.pipeline.embeddings.upstream_items import UpstreamItems
from llm_cache_proxy.pipeline.options import Ports
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.support.unstored import UnstoredAnswers
from llm_cache_proxy.pipeline.tiers.leases import LostLeases
from llm_cache_proxy.pipeline.upstream.miss import MissPath

__all__ = ["CachedEmbeddings", "compose_embeddings"]


def compose_embeddings(
    ports: Ports,
    policy: Policy,
    dependency: Dependency,
    keys: ClientKeyGate,
    miss: MissPath,
    lost_leases: LostLeases,
    unstored: UnstoredAnswers | None,
) -> CachedEmbeddings:
    """The path over these ports; `miss` asks the upstream.

    `unstored` takes what is stored behind its answer; it is not that of chat answers. A batch too
    large for the store's deadline does not open the exact tier's breaker.
    """
    usage = miss.upstream_usage
    dependency = dependency.apart()
    leases = ItemLeases(ports.items, dependency, lost_leases.terms, lost_leases.background)
    tier = ItemTier(keys, usage.counter_writer, leases, unstored)
    writer = ItemWriter(
        store=ports.items,
        dependency=dependency,
        counter_writer=usage.counter_writer,
        clock=ports.clock,
        leases=leases,
        models=usage.models,
        unstored=unstored,
    )
    return CachedEmbeddings(
        policy=policy,
        upstream=ports.upstream,
        keys=keys,
        tier=tier,
        writer=writer,
        in_flight=ItemsInFlight(),
        followed=FollowedItems(tier),
        asking=UpstreamItems(miss.requests, usage, miss),
        models=usage.models,
        counter_writer=usage.counter_writer,
    )
