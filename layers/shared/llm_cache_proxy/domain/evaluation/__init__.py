"""Measures how often the semantic tier would have been right, over labelled texts."""

from llm_cache_proxy.domain.evaluation.decision import Decision
from llm_cache_proxy.domain.evaluation.pairs import (
    Accepted,
    Evaluation,
    LabelledPair,
    Mistake,
    evaluate_pairs,
)
from llm_cache_proxy.domain.evaluation.relations import Relations
from llm_cache_proxy.domain.evaluation.stream import (
    NearEarlier,
    Prompt,
    SameAnswer,
    StreamPoint,
    evaluate_stream,
)
from llm_cache_proxy.domain.evaluation.threshold import ChosenThreshold, threshold_within
from llm_cache_proxy.domain.metrics.intervals import wilson_interval

__all__ = [
    "Accepted",
    "ChosenThreshold",
    "Decision",
    "Evaluation",
    "LabelledPair",
    "Mistake",
    "NearEarlier",
    "Prompt",
    "Relations",
    "SameAnswer",
    "StreamPoint",
    "evaluate_pairs",
    "evaluate_stream",
    "threshold_within",
    "wilson_interval",
]
