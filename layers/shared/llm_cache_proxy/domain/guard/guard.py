"""The guard as the pipeline holds it: its rules and word lists are read when two texts differ.

A cold start that ends in an exact hit compares nothing, and a third of our own modules are rules.
"""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_cache_proxy.domain.guard.pair.traits import Traits
    from llm_cache_proxy.domain.guard.rule import Verdict
    from llm_cache_proxy.domain.guard.rules_in_force import RulesInForce


class Guard:
    """The rules that are in force, applied to pairs of prompts.

    Raises ValueError for the name of a rule that there is not.
    """

    def __init__(self, disabled_rules: frozenset[str] = frozenset()) -> None:
        self._disabled_rules = disabled_rules
        if disabled_rules:
            self.load()

    @property
    def decision_version(self) -> int:
        """Differs wherever the rules do, so that what other rules let pass is judged again."""
        return self._in_force.decision_version

    def compare(self, a: str, b: str) -> "Verdict":
        """Whether one answer may serve both; symmetric, and true of a text and itself."""
        return self._in_force.compare(a, b)

    def compare_closely(self, a: str, b: str) -> "tuple[Verdict, Traits]":
        """The same, and how much of the two differs."""
        return self._in_force.compare_closely(a, b)

    def load(self) -> None:
        """Read the rules and the word lists now, ahead of the first pair."""
        self._in_force  # noqa: B018 - reading it is what loads

    @cached_property
    def _in_force(self) -> "RulesInForce":
        from llm_cache_proxy.domain.guard.rules_in_force import RulesInForce  # noqa: PLC0415

        return RulesInForce(self._disabled_rules)
