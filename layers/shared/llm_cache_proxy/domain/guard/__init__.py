"""The guard of the semantic tier: a deterministic comparison of two prompts."""

from llm_cache_proxy.domain.guard.analysis import LONGEST_TEXT
from llm_cache_proxy.domain.guard.guard import Guard
from llm_cache_proxy.domain.guard.rule import DECISION_VERSION, Rule, Verdict
from llm_cache_proxy.domain.guard.rules import RULES

__all__ = ["DECISION_VERSION", "LONGEST_TEXT", "RULES", "Guard", "Rule", "Verdict"]
