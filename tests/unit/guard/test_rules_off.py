import pytest

from llm_cache_proxy.bootstrap.pipeline import guard_of
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings

NUMBERS = ("Name three planets", "Name four planets")
OPPOSITES = ("How do I enable dark mode?", "How do I disable dark mode?")


def guarded_by(rules_off: str) -> set[str | None]:
    guard = guard_of(Settings.model_validate({"guard_rules_off": rules_off}))
    return {guard.compare(*NUMBERS).rule, guard.compare(*OPPOSITES).rule}


def test_every_rule_is_in_force_unless_the_settings_switch_it_off() -> None:
    assert guarded_by("") == {"numbers", "opposites"}


def test_rules_are_switched_off_by_name() -> None:
    assert "numbers" not in guarded_by("numbers")
    assert not guarded_by(" numbers, opposites,") & {"numbers", "opposites"}


def test_a_rule_that_does_not_exist_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="GUARD_RULES_OFF: no such guard rule: spelling"):
        guarded_by("numbers,spelling")
