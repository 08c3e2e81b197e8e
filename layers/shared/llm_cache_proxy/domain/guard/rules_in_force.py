"""Every rule that is in force, in order; the first difference in meaning is a veto.

Never asks a model, never does I/O beyond reading its word lists once, never raises on any text.
"""

from llm_cache_proxy.domain.guard.limits import LONGEST_TEXT
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.pair.traits import NO_TRAITS, Traits, traits
from llm_cache_proxy.domain.guard.pair.typing import alike_typed
from llm_cache_proxy.domain.guard.rule import ACCEPTED, DECISION_VERSION, Verdict, veto
from llm_cache_proxy.domain.guard.rules import RULES
from llm_cache_proxy.domain.guard.text.analysis import analyse

OVERSIZE = "oversize"
_VERSIONS = 1_000  # more than there will be versions of the rules


class RulesInForce:
    """The rules that are in force, applied to pairs of prompts.

    `decision_version` differs wherever the rules do, so that what other rules let pass is judged
    again.
    """

    def __init__(self, disabled_rules: frozenset[str] = frozenset()) -> None:
        unknown = disabled_rules - {rule.name for rule in RULES}
        if unknown:
            raise ValueError(f"no such guard rule: {', '.join(sorted(unknown))}")
        off = sum(1 << at for at, rule in enumerate(RULES) if rule.name in disabled_rules)
        self.decision_version = DECISION_VERSION + off * _VERSIONS
        self._rules = tuple(rule for rule in RULES if rule.name not in disabled_rules)
        self._foreign = self._rules
        if "foreign" not in disabled_rules:  # it holds such texts to every word
            self._foreign = tuple(rule for rule in self._rules if rule.any_language)

    def compare(self, a: str, b: str) -> Verdict:
        """Whether one answer may serve both; symmetric, and true of a text and itself."""
        pair = _pair(a, b)
        return pair if isinstance(pair, Verdict) else self._verdict(pair)

    def compare_closely(self, a: str, b: str) -> tuple[Verdict, Traits]:
        """The same, and how much of the two differs."""
        pair = _pair(a, b)
        if isinstance(pair, Verdict):
            return pair, NO_TRAITS
        return self._verdict(pair), traits(pair)

    def _verdict(self, pair: Pair) -> Verdict:
        for rule in self._foreign if pair.is_foreign else self._rules:
            detail = rule.check(pair)
            if detail is not None:
                return veto(rule.name, detail)
        return ACCEPTED


def _pair(a: str, b: str) -> Pair | Verdict:
    """The texts side by side; the verdict where that needs no look at their words."""
    if a == b:
        return ACCEPTED
    if max(len(a), len(b)) > LONGEST_TEXT:
        return veto(OVERSIZE, "too long to compare word by word")
    first, second = alike_typed(*sorted((a.rstrip(), b.rstrip())))  # "end ." is "end . "
    if first == second:
        return ACCEPTED
    return Pair(analyse(first), analyse(second))
