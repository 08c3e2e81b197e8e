"""Facts about what a log would have hit; vectors are laid down by the tests."""

from collections.abc import Mapping, Sequence

import numpy as np

from llm_cache_proxy.cli.estimate.logs import LoggedRequest
from llm_cache_proxy.cli.estimate.replay import Estimate, Replay, prepared
from llm_cache_proxy.cli.evaluation.vectors import Embedded
from llm_cache_proxy.domain.evaluation import Decision
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.requests.policy import Policy

RUST, TELL = "What is Rust?", "Tell me what Rust is"
NEAR = {RUST: (1.0, 0.0), TELL: (0.96, 0.28)}


def logged(text: str, **known: object) -> LoggedRequest:
    fields = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return LoggedRequest(fields, **known)  # type: ignore[arg-type]  # a test names what it means


def estimated(
    log: Sequence[LoggedRequest],
    *,
    vectors: Mapping[str, tuple[float, float]] = NEAR,
    threshold: float = 0.9,
    semantic: bool = True,
) -> Estimate:
    texts = [*vectors]
    embedded = Embedded(
        at={text: row for row, text in enumerate(texts)},
        vectors=np.array([vectors[text] for text in texts], dtype=np.float32),
        whole=[True] * len(texts),
    )
    replay = Replay(
        prepared(log, Policy()),
        embedded,
        Decision(0.0, Guard()),
        candidates=5,
        agree=0.8,
        cost=lambda request: request.dollars,
    )
    return replay.at("balanced", threshold, semantic=semantic)


def test_the_same_request_again_is_an_exact_hit() -> None:
    found = estimated([logged(RUST), logged(RUST), logged("  what is RUST?")])

    assert (found.requests, found.exact_hits, found.semantic_hits) == (3, 2, 0)


def test_another_wording_is_a_semantic_hit_and_its_repeat_an_exact_one() -> None:
    found = estimated([logged(RUST), logged(TELL), logged(TELL)])

    assert (found.exact_hits, found.semantic_hits) == (1, 1)


def test_a_stricter_threshold_hits_less() -> None:
    found = estimated([logged(RUST), logged(TELL)], threshold=0.97)

    assert found.semantic_hits == 0


def test_without_the_semantic_tier_only_the_same_request_hits() -> None:
    found = estimated([logged(RUST), logged(TELL), logged(RUST)], semantic=False)

    assert (found.exact_hits, found.semantic_hits) == (1, 0)


def test_what_the_guard_vetoes_is_no_hit() -> None:
    texts = {"How do I enable dark mode?": (1.0, 0.0), "How do I disable dark mode?": (1.0, 0.0)}

    found = estimated([logged(text) for text in texts], vectors=texts)

    assert found.semantic_hits == 0


def test_another_model_is_no_hit() -> None:
    other = LoggedRequest({**logged(RUST).fields, "model": "n"})

    assert estimated([logged(RUST), other]).exact_hits == 0


def test_an_entry_expires_where_the_log_has_times() -> None:
    day = 86_400.0

    found = estimated([logged(RUST, at=0.0), logged(RUST, at=day - 1), logged(RUST, at=2 * day)])

    assert found.exact_hits == 1


def test_a_hit_saves_its_tokens_and_dollars() -> None:
    paid = {"tokens": (10, 5), "dollars": 0.25}

    found = estimated([logged(RUST, **paid), logged(RUST, **paid), logged(RUST)])

    assert (found.tokens_saved, found.dollars_saved, found.dollars_total) == (15, 0.25, 0.5)
    assert found.unpriced == 1


def test_a_semantic_hit_is_wrong_where_the_answers_differ_in_meaning() -> None:
    vectors = {**NEAR, "A language.": (1.0, 0.0), "An oxide.": (0.0, 1.0)}

    right = estimated(
        [logged(RUST, answer="A language."), logged(TELL, answer="A language.")], vectors=vectors
    )
    wrong = estimated(
        [logged(RUST, answer="A language."), logged(TELL, answer="An oxide.")], vectors=vectors
    )
    unknown = estimated([logged(RUST), logged(TELL, answer="An oxide.")], vectors=vectors)

    assert [(each.judged, each.wrong) for each in (right, wrong, unknown)] == [
        (1, 0),
        (1, 1),
        (0, 0),
    ]


def test_a_request_that_the_proxy_refuses_is_a_request_and_no_hit() -> None:
    broken = LoggedRequest({"model": "m", "messages": [{"role": "user", "content": 7}]})

    found = estimated([broken, broken])

    assert (found.requests, found.exact_hits) == (2, 0)
    assert found.as_json()["hit_rate"] == 0
