"""Questions that show whether a cache serves wrong answers, and what an answer to them proves."""

from llm_cache_proxy.domain.probing.catalogue import probes
from llm_cache_proxy.domain.probing.finding import Finding, Risk
from llm_cache_proxy.domain.probing.observed import Observed
from llm_cache_proxy.domain.probing.probe import Asker, Probe, Step

__all__ = ["Asker", "Finding", "Observed", "Probe", "Risk", "Step", "probes"]
