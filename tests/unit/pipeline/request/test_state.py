"""Facts about what a request leaves behind to be counted."""

from llm_cache_proxy.pipeline.request.state import RequestState


def test_counts_are_handed_over_once_and_stay_for_the_log() -> None:
    trail = RequestState()
    trail.vetoed("numbers")
    trail.failed("search")

    handed = trail.handed_over()
    trail.vetoed("numbers")

    assert handed == {"veto:numbers": 1, "error:search": 1}
    assert trail.handed_over() == {"veto:numbers": 1}
    assert trail.handed_over() == {}
    assert trail.written == {"veto:numbers": 2, "error:search": 1}
