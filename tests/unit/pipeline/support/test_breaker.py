"""Facts about when a part is left alone."""

from llm_cache_proxy.pipeline.support.dependency import Breaker


def test_a_timeout_trips_at_once_and_a_rest_follows() -> None:
    breaker = Breaker(rest_seconds=2)

    breaker.failed(10.0, timed_out=True)

    assert breaker.is_open
    assert not breaker.allows(11.9)


def test_quick_errors_trip_only_in_a_row() -> None:
    breaker = Breaker(errors_to_trip=3)

    breaker.failed(0.0, timed_out=False)
    breaker.failed(0.0, timed_out=False)
    breaker.succeeded()
    breaker.failed(0.0, timed_out=False)
    breaker.failed(0.0, timed_out=False)

    assert breaker.allows(0.0)


def test_after_the_rest_one_probe_goes_through() -> None:
    breaker = Breaker(rest_seconds=2)
    breaker.failed(0.0, timed_out=True)

    assert breaker.allows(2.0)
    assert not breaker.allows(2.1)


def test_a_probe_that_succeeds_closes_and_one_that_fails_opens_again() -> None:
    good, bad = Breaker(rest_seconds=2), Breaker(rest_seconds=2)
    for breaker in (good, bad):
        breaker.failed(0.0, timed_out=True)
        assert breaker.allows(2.0)

    good.succeeded()
    bad.failed(2.5, timed_out=False)

    assert good.allows(2.6)
    assert not bad.allows(4.4)
    assert bad.allows(4.5)


def test_a_probe_that_never_reports_is_followed_by_another() -> None:
    breaker = Breaker(rest_seconds=2)
    breaker.failed(0.0, timed_out=True)

    assert breaker.allows(2.0)
    assert breaker.allows(4.0)
