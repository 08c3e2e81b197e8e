"""Whether two answers say the same, without asking a model."""

from llm_cache_proxy.domain.answers.agreement import (
    CLEARLY_DIFFERENT,
    LEAST_AGREEMENT,
    agreement,
    clearly_differs,
)
from llm_cache_proxy.domain.answers.comparison import Comparison, compared

__all__ = [
    "CLEARLY_DIFFERENT",
    "LEAST_AGREEMENT",
    "Comparison",
    "agreement",
    "clearly_differs",
    "compared",
]
