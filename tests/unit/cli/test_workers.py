"""Facts about workers that share a socket: whose turn it is, and what is each one's part."""

from llm_cache_proxy.cli.server.fair_turns import ConnectionCounts, shared_counts
from llm_cache_proxy.cli.server.serving import Share


def test_who_has_more_connections_than_another_lets_it_go_first() -> None:
    with shared_counts(3) as file:
        one, two, three = (ConnectionCounts(file.fileno(), number, 3) for number in range(3))
        one.keep(2)
        two.keep(1)
        three.keep(1)

        assert one.is_ahead
        assert not two.is_ahead
        assert not three.is_ahead


def test_who_has_as_many_as_all_others_takes_its_turn() -> None:
    with shared_counts(2) as file:
        one, other = (ConnectionCounts(file.fileno(), number, 2) for number in range(2))
        one.keep(5)
        other.keep(5)

        assert not one.is_ahead
        assert not other.is_ahead


def test_a_worker_that_is_started_again_begins_without_connections() -> None:
    with shared_counts(2) as file:
        former, other = (ConnectionCounts(file.fileno(), number, 2) for number in range(2))
        former.keep(7)
        other.keep(1)

        ConnectionCounts(file.fileno(), 0, 2)

        assert other.is_ahead


def test_the_first_worker_leads() -> None:
    assert Share().leads
    assert Share(0, 2).leads
    assert not Share(1, 2).leads


def test_workers_share_the_connections_that_there_may_be() -> None:
    assert Share().connections(1_000) == 1_000
    assert Share(1, 3).connections(1_000) == 334
    assert Share(3, 4).connections(1) == 1
