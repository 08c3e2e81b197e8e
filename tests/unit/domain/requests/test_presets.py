import pytest
from pydantic import ValidationError

from llm_cache_proxy.domain.requests.controls import Controls
from llm_cache_proxy.domain.requests.policy import Policy, Traits, plan
from llm_cache_proxy.domain.requests.presets import PRESETS, Preset, semantic_rules
from llm_cache_proxy.domain.requests.reasons import Reason
from llm_cache_proxy.settings import Settings

PROSE = Traits(
    text="What is Rust?", no_text=None, offers_tools=False, temperature=None, upstream_state=False
)


def threshold(preset: Preset, *, asked: float | None = None) -> float:
    rules = PRESETS[preset]
    operators = Policy(semantic=rules.semantic, threshold=rules.threshold)
    return plan(operators, Controls(threshold=asked), PROSE).threshold


@pytest.mark.parametrize(
    ("preset", "least"), [("balanced", 0.90), ("strict", 0.95), ("verified", 0.86)]
)
def test_a_preset_is_known_by_its_least_similarity(preset: str, least: float) -> None:
    assert threshold(Preset(preset)) == least


def test_only_verified_needs_more_than_the_guard() -> None:
    assert [preset for preset in Preset if PRESETS[preset].verified] == [Preset.VERIFIED]


def test_the_default_policy_is_the_balanced_preset() -> None:
    assert Policy().threshold == PRESETS[Preset.BALANCED].threshold
    assert Settings().semantic_preset is Preset.BALANCED


def test_off_switches_the_semantic_tier_off() -> None:
    rules = PRESETS[Preset.OFF]

    planned = plan(Policy(semantic=rules.semantic), Controls(), PROSE)

    assert planned.no_semantic is Reason.SEMANTIC_OFF


def test_a_threshold_of_its_own_takes_the_place_of_the_presets_and_changes_nothing_else() -> None:
    chosen = semantic_rules(Preset.VERIFIED, 0.92)

    assert (chosen.threshold, chosen.verified) == (0.92, True)
    assert semantic_rules(Preset.STRICT).threshold == 0.95


@pytest.mark.parametrize(("asked", "least"), [(0.5, 0.95), (0.95, 0.95), (0.99, 0.99)])
def test_a_client_can_tighten_a_preset_and_never_loosen_it(asked: float, least: float) -> None:
    assert threshold(Preset.STRICT, asked=asked) == least


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"balanced.*strict.*verified.*off"):
        Settings.model_validate({"semantic_preset": "bold"})
