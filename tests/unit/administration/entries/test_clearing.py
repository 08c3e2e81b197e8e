"""Facts about what clearing takes, and what it leaves."""

import pytest

from fakes.admin import AdminHarness
from llm_cache_proxy.domain.errors import ExactStoreUnavailable, InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject


@pytest.fixture
async def office() -> AdminHarness:
    office = AdminHarness()
    await office.keep("a", namespace="n1", model="m1", tag="t1")
    await office.keep("b", namespace="n2", model="m1", tag="t2")
    await office.keep("c", tenant="other", namespace="n1", model="m2")
    return office


async def clear(office: AdminHarness, **fields: object) -> JsonObject:
    return await office.administration().perform({"action": "clear", **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        *({name: None} for name in ("all", "tenant", "namespace", "model", "tag", "entry")),
        {"older_than_seconds": None, "tag": None},
        {"dry_run": True},
        {"dry_run": False},
    ],
)
async def test_without_a_selector_nothing_is_cleared(
    office: AdminHarness, fields: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest, match="Nothing is selected") as refused:
        await clear(office, **fields)

    assert refused.value.code == "nothing_selected"
    assert (await office.held(), await office.held("other")) == ((2, 2), (1, 1))


async def test_clearing_everything_leaves_nothing_in_either_tier(office: AdminHarness) -> None:
    answer = await clear(office, all=True)

    assert answer == {
        "cleared": {"exact": 3, "semantic": 3, "aliases": 0},
        "selector": "all",
        "tenants": ["default", "other"],
        "dry_run": False,
        "unswept": [],
    }
    assert (await office.held(), await office.held("other")) == ((0, 0), (0, 0))


@pytest.mark.parametrize(
    ("fields", "left", "left_elsewhere"),
    [
        ({"tenant": "default"}, 0, 1),
        ({"tenant": "other", "all": True}, 2, 0),
        ({"namespace": "n1"}, 1, 0),
        ({"namespace": "n1", "tenant": "default"}, 1, 1),
        ({"model": "m1"}, 0, 1),
        ({"tag": "t2"}, 1, 1),
        ({"entry": "id-c"}, 2, 0),
        ({"tag": "no such tag"}, 2, 1),
    ],
)
async def test_each_selector_leaves_exactly_the_rest_in_both_tiers(
    office: AdminHarness, fields: dict[str, object], left: int, left_elsewhere: int
) -> None:
    answer = await clear(office, **fields)

    cleared = answer["cleared"]
    assert isinstance(cleared, dict)
    assert cleared["exact"] == cleared["semantic"] == 3 - left - left_elsewhere
    assert await office.held() == (left, left)
    assert await office.held("other") == (left_elsewhere, left_elsewhere)


async def test_two_selectors_at_once_are_refused_and_clear_nothing(office: AdminHarness) -> None:
    with pytest.raises(InvalidRequest):
        await clear(office, namespace="n1", tag="t1")

    assert await office.held() == (2, 2)


async def test_a_dry_run_gives_the_number_and_clears_nothing(office: AdminHarness) -> None:
    answer = await clear(office, all=True, dry_run=True)
    of_one = await clear(office, dry_run=True, tenant="other")

    assert answer["would_clear"] == {"exact": 3, "semantic": 3}
    assert of_one["would_clear"] == {"exact": 1, "semantic": 1}
    assert await office.held() == (2, 2)


@pytest.mark.parametrize(
    ("fields", "count"),
    [({"tag": "t1"}, 1), ({"namespace": "n1"}, 2), ({"model": "m1", "tenant": "other"}, 0)],
)
async def test_a_dry_run_counts_what_one_selector_names(
    office: AdminHarness, fields: dict[str, object], count: int
) -> None:
    answer = await clear(office, dry_run=True, **fields)

    assert answer["would_clear"] == {"exact": count, "semantic": count}
    assert await office.held() == (2, 2)


async def test_what_is_older_than_a_time_goes_from_both_tiers_and_the_rest_stays(
    office: AdminHarness,
) -> None:
    office.exact.time += 600
    young = await office.keep("young", created_at=int(office.exact.time) - 10)

    dry = await clear(office, older_than_seconds=300, dry_run=True)
    answer = await clear(office, older_than_seconds=300)

    assert dry["would_clear"] == {"exact": 3, "semantic": 3}
    assert answer["cleared"] == {"exact": 3, "semantic": 3, "aliases": 0}
    assert await office.held() == (1, 1)
    assert await office.exact.read("default", young.key) == young


async def test_a_semantic_tier_that_is_unavailable_leaves_dead_entries_and_is_named(
    office: AdminHarness,
) -> None:
    office.vectors.away = True

    answer = await clear(office, all=True)

    assert answer["cleared"] == {"exact": 3, "semantic": 0, "aliases": 0}
    assert answer["unswept"] == [
        "semantic tier of default: the fake vector store is away",
        "semantic tier of other: the fake vector store is away",
    ]


async def test_an_exact_tier_that_fails_while_it_sweeps_still_has_the_other_tier_swept(
    office: AdminHarness,
) -> None:
    office.exact.failing.add("sweep")

    answer = await clear(office, tenant="default")

    assert answer["cleared"] == {"exact": 0, "semantic": 2, "aliases": 0}
    assert answer["unswept"] == ["exact tier of default: the exact store fails in sweep"]


async def test_an_exact_tier_that_is_unavailable_is_an_error(office: AdminHarness) -> None:
    office.exact.away = True

    with pytest.raises(ExactStoreUnavailable):
        await clear(office, all=True)


async def test_vectors_of_the_default_tenant_go_even_when_the_exact_tier_was_emptied() -> None:
    office = AdminHarness()
    await office.keep("a")
    office.exact.forget_everything()

    await clear(office, all=True)

    assert await office.held() == (0, 0)
