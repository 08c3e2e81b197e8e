"""Composes every action of operators over the stores that the settings name."""

from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.administration.actions import Administration
from llm_cache_proxy.administration.explain import Explanation
from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
from llm_cache_proxy.administration.transfer.import_entries import EntryImport
from llm_cache_proxy.bootstrap.health import latest_health
from llm_cache_proxy.bootstrap.parts import Parts, operator_parts
from llm_cache_proxy.bootstrap.pipeline import dependencies, pipeline
from llm_cache_proxy.bootstrap.reembedding import reembedding
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.pipeline.options import Dependencies
from llm_cache_proxy.settings import Settings


def administration(settings: Settings) -> Administration:
    """The root of the functions for operators."""
    return administration_over(settings, operator_parts(settings))


def administration_over(
    settings: Settings,
    parts: Parts,
    serving: Dependencies | None = None,
    latest: LatestHealth | None = None,
) -> Administration:
    """Every action of an operator over these parts.

    `serving`: this process's own dependencies, `latest`: the health that clients see.
    """
    composed = pipeline(settings, parts, serving or dependencies(settings))

    def breakers() -> dict[str, str]:
        ours = () if serving is None else serving.all()
        return {one.name: "open" if one.breaker.is_open else "closed" for one in ours}

    return Administration(
        exact=parts.exact,
        vectors=parts.vectors,
        clock=SystemClock(),
        prices=default_prices(settings.prices_path),
        describe_settings=settings.described,
        explanation=Explanation(composed),
        entry_import=EntryImport(composed, SystemClock()),
        reembedding=reembedding(settings, parts, composed),
        key_ring=signing_ring(settings),
        breakers=breakers,
        latest_health=latest or latest_health(settings, parts, frozen=True),
        close=parts.aclose,
    )


def signing_ring(settings: Settings) -> KeyRing | None:
    """The maker of client keys, if a secret is set: new keys need no earlier secret."""
    secret = settings.key_signing_secret
    return None if secret is None else KeyRing(secret.get_secret_value().encode())
