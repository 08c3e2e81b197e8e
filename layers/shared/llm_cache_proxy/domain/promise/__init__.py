"""Keeps the share of wrong semantic hits under a promise, from labels that come in as it serves."""

from llm_cache_proxy.domain.promise.cells import Cell, cell_of
from llm_cache_proxy.domain.promise.evidence import Evidence, Tally, TenantEvidence, group_of
from llm_cache_proxy.domain.promise.parts import Part
from llm_cache_proxy.domain.promise.promise import Plan, Promise

__all__ = [
    "Cell",
    "Evidence",
    "Part",
    "Plan",
    "Promise",
    "Tally",
    "TenantEvidence",
    "cell_of",
    "group_of",
]
