"""Other languages with a multilingual embedder: near is near, and the guard keeps them apart.

Where the guard knows nothing of a language it asks for equal words; cosine alone would serve the
traps, since a negation or another number hardly moves a vector.
"""

import pytest

from llm_cache_proxy.domain.evaluation import Decision, LabelledPair, evaluate_pairs
from llm_cache_proxy.domain.guard import Guard
from samples.embedding.languages import PAIRS, LanguagePair

THRESHOLD = 0.85
TRAPS = [pair for pair in PAIRS if not pair.label]
EQUAL_WORDS = [pair for pair in PAIRS if pair.kind in {"polite", "spelling"}]


def name(pair: LanguagePair) -> str:
    return f"{pair.language} {pair.kind}"


@pytest.mark.parametrize("pair", TRAPS, ids=name)
def test_a_prompt_that_asks_for_something_else_is_refused_in_its_language(
    pair: LanguagePair,
) -> None:
    assert not Guard().compare(pair.a, pair.b).accepted


@pytest.mark.parametrize("pair", EQUAL_WORDS, ids=name)
def test_equal_words_are_let_pass_in_every_language(pair: LanguagePair) -> None:
    assert Guard().compare(pair.a, pair.b).accepted


def test_cosine_alone_would_serve_what_the_guard_refuses() -> None:
    rows = [
        LabelledPair(pair.a, pair.b, bool(pair.label), pair.similarity, kind=pair.kind)
        for pair in PAIRS
    ]

    found = evaluate_pairs(rows, Decision(THRESHOLD, Guard()))

    assert found.baseline.false >= 15
    assert found.served.false == 0
    assert found.served.true >= 8
