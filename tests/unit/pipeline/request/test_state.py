"""Facts about what a request leaves behind to be counted."""

from llm_cache_proxy.pipeline.request.state import RequestState


def test_counts_are_handed_over_once_and_stay_for_the_log() -> None:
    state = RequestState()
    state.vetoed("numbers")
    state.failed("search")

    handed = state.counts.take()
    state.vetoed("numbers")

    assert handed == {"veto:numbers": 1, "error:search": 1}
    assert state.counts.take() == {"veto:numbers": 1}
    assert state.counts.take() == {}
    assert state.counts.written == {"veto:numbers": 2, "error:search": 1}
