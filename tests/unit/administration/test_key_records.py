"""Facts about keys' records that are changed, exported and imported."""

from typing import Any

import pytest

from fakes.admin import AdminHarness
from fakes.exact import MemoryExact
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound

KEY_ID = "0123456789abcdef"


@pytest.fixture
def harness() -> AdminHarness:
    return AdminHarness(key_ring=KeyRing(b"s" * 32))


async def perform(harness: AdminHarness, action: str, **fields: object) -> Any:
    return await harness.administration().perform({"action": action, **fields})


async def made(harness: AdminHarness, **fields: object) -> Any:
    given = {"requests_per_minute": 60, "tokens_per_day": 1_000, "dollars_per_month": "2.5"}
    return await perform(
        harness,
        "create_key",
        **{"tenant": "acme", "name": "ci", "models": ["m"], **given, **fields},
    )


async def record(harness: AdminHarness, answer: Any) -> KeyRecord:
    tenant, key_id = answer["id"].split(".")
    return (await harness.exact.read_keys(tenant))[key_id].record


class BusyExact(MemoryExact):
    """In which somebody else is always first to change a record."""

    busy = False

    async def write_key(self, *arguments: Any, **named: Any) -> bool:
        return not self.busy and await super().write_key(*arguments, **named)


async def test_a_limit_is_changed_and_the_others_stay(harness: AdminHarness) -> None:
    key = await made(harness)

    answer = await perform(harness, "edit_key", id=key["id"], tokens_per_day=5_000)

    assert (await record(harness, key)).limits == Limits(60, 5_000, 2_500_000_000)
    assert answer["limits"]["tokens_per_day"] == 5_000
    assert "key" not in answer


async def test_a_limit_is_lifted(harness: AdminHarness) -> None:
    key = await made(harness)

    await perform(harness, "edit_key", id=key["id"], unlimited=["dollars_per_month"])

    assert (await record(harness, key)).limits == Limits(60, 1_000, None)


async def test_names_and_models_are_changed(harness: AdminHarness) -> None:
    key = await made(harness)

    await perform(
        harness, "edit_key", id=key["id"], name="batch", namespace="shop", models=["a", "b"]
    )

    changed = await record(harness, key)
    assert (changed.name, changed.namespace, changed.models) == ("batch", "shop", ("a", "b"))


async def test_every_model_is_allowed_again(harness: AdminHarness) -> None:
    key = await made(harness)

    await perform(harness, "edit_key", id=key["id"], all_models=True)

    assert (await record(harness, key)).models == ()


async def test_a_change_to_what_is_already_so_changes_nothing(harness: AdminHarness) -> None:
    key = await made(harness)
    before = await record(harness, key)

    await perform(harness, "edit_key", id=key["id"], name="ci")

    assert await record(harness, key) == before


async def test_an_unknown_limit_is_not_lifted(harness: AdminHarness) -> None:
    key = await made(harness)

    with pytest.raises(InvalidRequest, match="'unlimited' names hours"):
        await perform(harness, "edit_key", id=key["id"], unlimited=["hours"])


async def test_a_key_that_is_not_there_is_not_changed(harness: AdminHarness) -> None:
    with pytest.raises(NotFound, match=r"There is no key acme\."):
        await perform(harness, "edit_key", id=f"acme.{KEY_ID}", name="x")


async def test_exported_records_make_the_same_keys_in_another_store(harness: AdminHarness) -> None:
    first = await made(harness, expires_in_seconds=60)
    second = await perform(harness, "create_key", tenant="beta", name="free")
    other = AdminHarness(key_ring=KeyRing(b"s" * 32))

    exported = await perform(harness, "export_keys")
    counts = await perform(other, "import_keys", records=exported["records"])

    assert counts == {"imported": 2, "replaced": 0, "held": 0}
    for key in (first, second):
        assert await record(other, key) == await record(harness, key)
    assert first["key"].rsplit(".", 1)[1] not in repr(exported)


async def test_one_tenants_records_are_exported_alone(harness: AdminHarness) -> None:
    await made(harness)
    await perform(harness, "create_key", tenant="beta", name="free")

    exported = await perform(harness, "export_keys", tenant="beta")

    assert [each["name"] for each in exported["records"]] == ["free"]


async def test_a_held_record_stays_unless_it_is_to_be_replaced(
    harness: AdminHarness,
) -> None:
    key = await made(harness)
    [exported] = (await perform(harness, "export_keys"))["records"]
    changed = {**exported, "name": "other"}

    held = await perform(harness, "import_keys", records=[changed])
    kept = (await record(harness, key)).name
    replaced = await perform(harness, "import_keys", records=[changed], replace=True)
    again = await perform(harness, "import_keys", records=[changed], replace=True)

    assert (held["held"], kept) == (1, "ci")
    assert (replaced["replaced"], (await record(harness, key)).name) == (1, "other")
    assert again["held"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"id": "acme"},
        {"id": "acme.short"},
        {"id": f"a/b.{KEY_ID}"},
        {"name": "x" * 101},
        {"namespace": "no spaces"},
        {"created_at": -1},
        {"unknown": 1},
    ],
    ids=str,
)
async def test_a_malformed_record_is_refused(
    harness: AdminHarness, change: dict[str, object]
) -> None:
    given = {"id": f"acme.{KEY_ID}", "name": "ci", "namespace": "default", **change}

    with pytest.raises(InvalidRequest):
        await perform(harness, "import_keys", records=[given])

    assert await harness.exact.read_keys("acme") == {}


async def test_a_record_that_is_no_object_is_refused(harness: AdminHarness) -> None:
    with pytest.raises(InvalidRequest, match="must be an object"):
        await perform(harness, "import_keys", records=["acme"])


async def test_a_record_without_a_time_was_made_at_the_beginning(harness: AdminHarness) -> None:
    given = {"id": f"acme.{KEY_ID}", "name": "ci", "namespace": "default"}

    await perform(harness, "import_keys", records=[given])

    assert (await record(harness, given)).created_at == 0


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("edit_key", {"id": f"acme.{KEY_ID}", "name": "other"}),
        (
            "import_keys",
            {
                "records": [{"id": f"acme.{KEY_ID}", "name": "n", "namespace": "default"}],
                "replace": True,
            },
        ),
    ],
)
async def test_a_record_that_changes_all_the_time_is_a_conflict(
    action: str, fields: dict[str, Any]
) -> None:
    exact = BusyExact()
    harness = AdminHarness(exact=exact)
    await perform(
        harness,
        "import_keys",
        records=[{"id": f"acme.{KEY_ID}", "name": "ci", "namespace": "default"}],
    )
    exact.busy = True

    with pytest.raises(InvalidRequest, match="changed elsewhere"):
        await perform(harness, action, **fields)
