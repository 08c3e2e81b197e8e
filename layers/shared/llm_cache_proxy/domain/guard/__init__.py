"""The guard of the semantic tier: a deterministic comparison of two prompts."""

from llm_cache_proxy.domain.guard.analysis import LONGEST_TEXT
from llm_cache_proxy.domain.guard.guard import Guard
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.rules import RULES
from llm_cache_proxy.domain.guard.verdict import DECISION_VERSION, Verdict

__all__ = ["DECISION_VERSION", "LONGEST_TEXT", "RULES", "Guard", "Rule", "Verdict"]
