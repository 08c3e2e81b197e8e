import numpy as np
import pytest

from llm_cache_proxy.cli.evaluation.vectors import nearest_earlier
from llm_cache_proxy.domain.evaluation import Decision, NearEarlier, Prompt, evaluate_stream
from llm_cache_proxy.domain.guard import Guard

PROMPTS = [
    Prompt("How do I enable dark mode?"),
    Prompt("How do I disable dark mode?"),
    Prompt("How do I turn on dark mode?"),
]
INTENTS = ["enable", "disable", "enable"]
VECTORS = np.array([(1.0, 0.0), (0.96, 0.28), (0.936, 0.352)], dtype=np.float32)
COSINE_ALONE = Decision(0.0, None)
GUARDED = Decision(0.0, Guard())


def same_intent(later: int, earlier: int) -> bool:
    return INTENTS[later] == INTENTS[earlier]


def test_nearest_looks_back_only() -> None:
    arrivals = list(nearest_earlier(VECTORS, least=0.9, k=1))

    assert [(each.later, each.earlier) for each in arrivals] == [(1, 0), (2, 1)]
    assert arrivals[0].similarity == pytest.approx(0.96)


def test_nearest_leaves_out_what_is_too_far() -> None:
    far = np.array([(1.0, 0.0), (0.0, 1.0)], dtype=np.float32)

    assert list(nearest_earlier(far, least=0.5, k=1)) == []


def test_nearest_is_the_same_across_blocks() -> None:
    angles = np.linspace(0, np.pi, 700, dtype=np.float32)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    found = list(nearest_earlier(vectors, least=0.0, k=1))

    assert [(each.later, each.earlier) for each in found] == [(n, n - 1) for n in range(1, 700)]


def test_a_stream_counts_hits_and_wrong_ones_by_threshold() -> None:
    arrivals = list(nearest_earlier(VECTORS, least=0.9, k=1))

    loose, tight = evaluate_stream(
        PROMPTS, arrivals, same_intent, thresholds=[0.9, 0.99], decision=COSINE_ALONE
    )

    assert (loose.prompts, loose.hits, loose.wrong) == (3, 2, 2)
    assert loose.hit_rate == pytest.approx(2 / 3)
    assert loose.wrong_share == pytest.approx(1.0)
    assert (tight.hits, tight.wrong) == (1, 1)


def test_a_vetoed_candidate_gives_way_to_the_next_one() -> None:
    arrivals = list(nearest_earlier(VECTORS, least=0.9, k=2))

    (point,) = evaluate_stream(PROMPTS, arrivals, same_intent, thresholds=[0.9], decision=GUARDED)

    assert (point.hits, point.wrong) == (1, 0)


def test_a_stream_without_hits_has_no_wrong_share() -> None:
    (point,) = evaluate_stream(PROMPTS, [], same_intent, thresholds=[0.9], decision=COSINE_ALONE)

    assert point.hit_rate == 0
    assert point.wrong_share is None
    assert point.wrong_share_interval is None


def test_arrivals_may_come_from_another_source() -> None:
    arrivals = [NearEarlier(later=2, earlier=0, similarity=0.91)]

    (point,) = evaluate_stream(PROMPTS, arrivals, same_intent, thresholds=[0.9], decision=GUARDED)

    assert (point.hits, point.wrong) == (1, 0)
    assert point.wrong_share_interval is not None


def test_a_hit_that_no_label_judges_is_neither_right_nor_wrong() -> None:
    arrivals = [NearEarlier(1, 0, 0.96), NearEarlier(2, 0, 0.95)]

    (point,) = evaluate_stream(
        PROMPTS,
        arrivals,
        lambda later, _: None if later == 1 else False,
        thresholds=[0.9],
        decision=COSINE_ALONE,
    )

    assert (point.hits, point.wrong, point.unlabelled) == (2, 1, 1)
    assert point.hit_rate == pytest.approx(2 / 3)
    assert point.wrong_share == pytest.approx(1.0)


def test_a_prompt_that_was_cut_never_hits() -> None:
    prompts = [PROMPTS[0], Prompt(PROMPTS[2].text, whole=False), PROMPTS[2]]
    arrivals = [NearEarlier(1, 0, 0.99), NearEarlier(2, 0, 0.99)]

    (point,) = evaluate_stream(prompts, arrivals, same_intent, thresholds=[0.9], decision=GUARDED)

    assert point.hits == 1


def test_a_point_is_json_with_its_intervals() -> None:
    (point,) = evaluate_stream(
        PROMPTS, [NearEarlier(1, 0, 0.96)], same_intent, thresholds=[0.9], decision=COSINE_ALONE
    )

    found = point.as_json()

    assert (found["threshold"], found["hits"], found["wrong"]) == (0.9, 1, 1)
    assert found["hit_rate_ci"] == pytest.approx([0.0615, 0.7923], abs=1e-4)
    assert found["wrong_share_ci"] == pytest.approx([0.2065, 1.0], abs=1e-4)
