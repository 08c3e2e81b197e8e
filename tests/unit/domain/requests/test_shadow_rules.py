import pytest

from llm_cache_proxy.domain.requests.shadow_rules import HIGHEST, LEAST_SAMPLES, STEP, ShadowRules

RULES = ShadowRules(rate=0.01, limit=0.05)


@pytest.mark.parametrize(
    ("samples", "wrong"),
    [(0, 0), (LEAST_SAMPLES - 1, LEAST_SAMPLES - 1), (100, 5), (100, 8), (1_000, 60)],
)
def test_a_threshold_stays_while_the_samples_leave_a_doubt(samples: int, wrong: int) -> None:
    assert RULES.raised(0.90, samples=samples, wrong=wrong) is None


@pytest.mark.parametrize(("samples", "wrong"), [(LEAST_SAMPLES, 6), (100, 11), (1_000, 66)])
def test_it_is_raised_by_a_step_once_they_do_not(samples: int, wrong: int) -> None:
    assert RULES.raised(0.90, samples=samples, wrong=wrong) == pytest.approx(0.90 + STEP)


def test_it_is_never_raised_beyond_the_highest() -> None:
    assert RULES.raised(0.98, samples=100, wrong=100) == HIGHEST
    assert RULES.raised(HIGHEST, samples=100, wrong=100) is None


def test_a_higher_limit_allows_more() -> None:
    assert ShadowRules(limit=0.5).raised(0.90, samples=100, wrong=40) is None
