"""The guard of the semantic tier: a deterministic comparison of two prompts."""

from llm_cache_proxy.domain.guard.guard import Guard
from llm_cache_proxy.domain.guard.limits import LONGEST_TEXT

__all__ = ["LONGEST_TEXT", "Guard"]
