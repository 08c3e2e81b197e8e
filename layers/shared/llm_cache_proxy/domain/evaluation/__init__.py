"""Measures how often the semantic tier would have been right, over labelled texts."""

from llm_cache_proxy.domain.evaluation.intervals import wilson_interval
from llm_cache_proxy.domain.evaluation.pairs import (
    Baseline,
    Evaluation,
    LabelledPair,
    evaluate_pairs,
)
from llm_cache_proxy.domain.evaluation.stream import (
    Arrival,
    StreamPoint,
    evaluate_stream,
    nearest_earlier,
)

__all__ = [
    "Arrival",
    "Baseline",
    "Evaluation",
    "LabelledPair",
    "StreamPoint",
    "evaluate_pairs",
    "evaluate_stream",
    "nearest_earlier",
    "wilson_interval",
]
