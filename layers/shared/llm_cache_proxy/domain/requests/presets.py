"""The named choices of an operator for the semantic tier: how similar two prompts must be.

Decides thresholds only. A client can narrow what a preset allows, and never widen it.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from llm_cache_proxy.domain.record import record


class Preset(StrEnum):
    """`SEMANTIC_PRESET`."""

    BALANCED = "balanced"
    STRICT = "strict"
    VERIFIED = "verified"
    OFF = "off"


@record()
class SemanticRules:
    """What makes another prompt's answer eligible.

    `threshold` is the least cosine similarity. The guard judges every pair at or above it; where
    `verified`, a verifier has to approve of it as well. Where `semantic` is False, meaning is not
    compared at all.
    """

    semantic: bool
    threshold: float
    verified: bool = False


PRESETS: Mapping[Preset, SemanticRules] = {
    Preset.BALANCED: SemanticRules(semantic=True, threshold=0.90),
    Preset.STRICT: SemanticRules(semantic=True, threshold=0.95),
    Preset.VERIFIED: SemanticRules(semantic=True, threshold=0.86, verified=True),
    Preset.OFF: SemanticRules(semantic=False, threshold=1.0),
}
"""The rules by name; `docs/semantic-accuracy.md` has what each gives."""


LIKELY_SIMILARITY = 0.90
"""From here on a pair that the guard accepts is most likely right: a verifier is called at once."""


def semantic_rules(preset: Preset, threshold: float | None = None) -> SemanticRules:
    """The preset's rules, with `threshold` in place of its own where one is given."""
    rules = PRESETS[preset]
    return rules if threshold is None else replace(rules, threshold=threshold)


def decision_version(guard_version: int, *, verified: bool) -> int:
    """The version of a promotion's judges: the guard's rules, and whether a verifier approved.

    A promotion with another version is judged again.
    """
    return 2 * guard_version + verified
