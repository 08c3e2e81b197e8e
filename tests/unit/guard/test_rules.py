import pytest

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.rules import RULES
from llm_cache_proxy.domain.guard.text.analysis import analyse

Example = tuple[str, str]

VETOED = [(rule, pair) for rule in RULES for pair in rule.vetoes]
PASSED = [(rule, pair) for rule in RULES for pair in rule.passes]


def named(value: object) -> str | None:
    return value.name if isinstance(value, Rule) else None


@pytest.mark.parametrize(("rule", "pair"), VETOED, ids=named)
def test_a_rule_vetoes_its_own_examples(rule: Rule, pair: Example) -> None:
    a, b = pair

    assert rule.check(Pair(analyse(a), analyse(b))) is not None
    assert rule.check(Pair(analyse(b), analyse(a))) is not None


@pytest.mark.parametrize(("rule", "pair"), PASSED, ids=named)
def test_a_rule_lets_its_own_examples_pass(rule: Rule, pair: Example) -> None:
    a, b = pair

    assert rule.check(Pair(analyse(a), analyse(b))) is None


@pytest.mark.parametrize("pair", [pair for _, pair in VETOED])
def test_the_guard_vetoes_what_a_rule_vetoes(pair: Example) -> None:
    verdict = Guard().compare(*pair)

    assert not verdict.accepted
    assert verdict.rule is not None
    assert verdict.detail


@pytest.mark.parametrize("pair", [pair for _, pair in PASSED])
def test_the_guard_accepts_what_its_rules_let_pass(pair: Example) -> None:
    assert Guard().compare(*pair).accepted


def test_every_rule_has_examples_of_both_kinds() -> None:
    for rule in RULES:
        assert rule.vetoes, rule.name
        assert rule.passes, rule.name
        assert rule.looks_at, rule.name


def test_rule_names_are_unique() -> None:
    names = [rule.name for rule in RULES]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_that_is_switched_off_never_vetoes(rule: Rule) -> None:
    guard = Guard(disabled_rules=frozenset({rule.name}))

    vetoed_by = {guard.compare(*pair).rule for pair in rule.vetoes}

    assert rule.name not in vetoed_by


def test_with_every_rule_off_everything_passes() -> None:
    guard = Guard(disabled_rules=frozenset(rule.name for rule in RULES))

    assert guard.compare("What is Rust?", "How tall is Everest?").accepted


def test_what_other_rules_decided_is_decided_again() -> None:
    one_off = [Guard(disabled_rules=frozenset({rule.name})) for rule in RULES]

    versions = [guard.decision_version for guard in (Guard(), *one_off)]

    assert len(versions) == len(set(versions))
    assert max(versions) < 2**53  # a whole number in every store


def test_an_unknown_rule_cannot_be_switched_off() -> None:
    with pytest.raises(ValueError, match="no such guard rule: spelling"):
        Guard(disabled_rules=frozenset({"spelling"}))
