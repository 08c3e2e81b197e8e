"""Facts about entries that a server took no write for, until it counts them itself."""

from llm_cache_proxy.adapters.exact_store.refused_writes import RefusedWrites

NAME = "error:write_refused"


def test_what_a_stored_entry_has_carried_is_counted_there_and_no_more_here() -> None:
    writes = RefusedWrites()
    writes.refused("acme", 3)

    carried = writes.carry("acme")
    writes.arrived("acme", carried, stored=True)

    assert carried == {NAME: 3}
    assert writes.held("acme") == {}


def test_what_a_failed_write_has_carried_is_carried_again() -> None:
    writes = RefusedWrites()
    writes.refused("acme")

    writes.arrived("acme", writes.carry("acme"), stored=False)
    writes.refused("acme")

    assert writes.held("acme") == writes.carry("acme") == {NAME: 2}


def test_one_write_at_a_time_carries_and_what_comes_meanwhile_stays() -> None:
    writes = RefusedWrites()
    writes.refused("acme")

    first, second = writes.carry("acme"), writes.carry("acme")
    writes.refused("acme")
    writes.arrived("acme", second, stored=True)
    writes.arrived("acme", first, stored=True)

    assert (first, second) == ({NAME: 1}, {})
    assert writes.held("acme") == {NAME: 1}


def test_tenants_are_counted_apart() -> None:
    writes = RefusedWrites()
    writes.refused("acme")

    assert writes.held("other") == writes.carry("other") == {}
