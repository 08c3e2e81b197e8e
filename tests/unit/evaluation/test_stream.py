import pytest

from llm_cache_proxy.domain.evaluation import Arrival, evaluate_stream, nearest_earlier
from llm_cache_proxy.domain.guard import Guard

TEXTS = ["How do I enable dark mode?", "How do I disable dark mode?", "How do I turn on dark mode?"]
INTENTS = ["enable", "disable", "enable"]
VECTORS = [(1.0, 0.0), (0.96, 0.28), (0.936, 0.352)]


def same_intent(later: int, earlier: int) -> bool:
    return INTENTS[later] == INTENTS[earlier]


def test_nearest_looks_back_only() -> None:
    arrivals = nearest_earlier(VECTORS, least=0.9)

    assert [(each.later, each.earlier) for each in arrivals] == [(1, 0), (2, 1)]
    assert arrivals[0].similarity == pytest.approx(0.96)


def test_nearest_leaves_out_what_is_too_far() -> None:
    assert nearest_earlier([(1.0, 0.0), (0.0, 1.0)], least=0.5) == []


def test_vectors_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        nearest_earlier([(1.0, 0.0), (1.0,)], least=0.5)


def test_a_stream_counts_hits_and_wrong_ones_by_threshold() -> None:
    arrivals = nearest_earlier(VECTORS, least=0.9)

    loose, tight = evaluate_stream(TEXTS, arrivals, same_intent, thresholds=[0.9, 0.99], guard=None)

    assert (loose.prompts, loose.hits, loose.wrong) == (3, 2, 2)
    assert loose.hit_rate == pytest.approx(2 / 3)
    assert loose.wrong_share == pytest.approx(1.0)
    assert (tight.hits, tight.wrong) == (1, 1)


def test_a_vetoed_candidate_gives_way_to_the_next_one() -> None:
    arrivals = nearest_earlier(VECTORS, least=0.9, k=2)

    (point,) = evaluate_stream(TEXTS, arrivals, same_intent, thresholds=[0.9], guard=Guard())

    assert (point.hits, point.wrong) == (1, 0)


def test_a_stream_without_hits_has_no_wrong_share() -> None:
    (point,) = evaluate_stream(TEXTS, [], same_intent, thresholds=[0.9], guard=None)

    assert point.hit_rate == 0
    assert point.wrong_share is None
    assert point.wrong_share_interval is None


def test_arrivals_may_come_from_elsewhere() -> None:
    arrivals = [Arrival(later=2, earlier=0, similarity=0.91)]

    (point,) = evaluate_stream(TEXTS, arrivals, same_intent, thresholds=[0.9], guard=Guard())

    assert (point.hits, point.wrong) == (1, 0)
    assert point.wrong_share_interval is not None
