"""Other ways to ask for the same in a language other than English."""

from llm_cache_proxy.domain.guard.text.rewording.moved import alike_articled, is_moved
from llm_cache_proxy.domain.guard.text.rewording.reworded import reworded

__all__ = ["alike_articled", "is_moved", "reworded"]
