from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.traits import NO_TRAITS, Traits
from llm_cache_proxy.domain.promise.score import log_odds

ALIKE = Traits(same_stems=0.0, changed=2, content=3)


def test_a_nearer_candidate_is_more_likely_right() -> None:
    scores = [log_odds(step / 100, ALIKE) for step in range(80, 100)]

    assert all(one < other for one, other in pairwise(scores))


def test_texts_with_the_same_stems_are_more_likely_right_than_reworded_ones_as_near() -> None:
    assert log_odds(0.95, NO_TRAITS) > log_odds(0.95, ALIKE)


def test_words_without_a_counterpart_make_a_candidate_less_likely_right() -> None:
    assert log_odds(0.95, ALIKE._replace(left_over=5.0)) < log_odds(0.95, ALIKE)


def test_a_text_and_itself_have_a_score() -> None:
    assert log_odds(1.0, NO_TRAITS) > log_odds(0.99, NO_TRAITS)
