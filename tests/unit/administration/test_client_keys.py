"""Facts about how operators make, list, revoke and replace clients' keys."""

from typing import Any

import pytest

from fakes.admin import NOW, AdminHarness
from llm_cache_proxy.domain.client_keys.key_ring import Client, KeyRing
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.client_keys.usage import KeyUsage, day_of, month_of
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound

RING = KeyRing(b"s" * 32)


@pytest.fixture
def office() -> AdminHarness:
    return AdminHarness(key_ring=RING)


async def perform(office: AdminHarness, action: str, **fields: object) -> Any:
    return await office.administration().perform({"action": action, **fields})


async def made(office: AdminHarness, **fields: object) -> Any:
    return await perform(office, "create_key", **{"tenant": "acme", "name": "ci", **fields})


def place(answer: Any) -> tuple[str, str]:
    tenant, key_id = answer["id"].split(".")
    return tenant, key_id


async def test_a_new_key_proves_its_tenant_and_id(office: AdminHarness) -> None:
    answer = await made(office)

    assert RING.verified(answer["key"]) == Client(*place(answer))
    assert answer["status"] == "active"
    assert place(answer)[0] == "acme"


async def test_a_key_has_the_limits_that_were_requested(office: AdminHarness) -> None:
    answer = await made(
        office,
        requests_per_minute=60,
        tokens_per_day=1_000,
        dollars_per_month="0.10",
        models=["m", "n"],
        namespace="shop",
        expires_in_seconds=600,
    )

    assert office.exact.keys[place(answer)].record == KeyRecord(
        name="ci",
        created_at=int(NOW),
        limits=Limits(60, 1_000, 100_000_000),
        models=("m", "n"),
        namespace="shop",
        expires_at=int(NOW) + 600,
    )


async def test_a_key_is_reported_once_and_stored_nowhere(office: AdminHarness) -> None:
    answer = await made(office)
    signature = answer["key"].rsplit(".", 1)[1]

    listed = await perform(office, "keys")

    assert signature not in repr(office.exact.keys)
    assert signature not in repr(listed)
    assert [key["id"] for key in listed["keys"]] == [answer["id"]]


async def test_two_keys_of_one_name_are_two_keys(office: AdminHarness) -> None:
    first, second = await made(office), await made(office)

    assert first["key"] != second["key"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tenant": None}, "tenant"),
        ({"tenant": "a.b"}, "tenant"),
        ({"tenant": "a" * 65}, "tenant"),
        ({"name": None}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"requests_per_minute": True}, "requests_per_minute"),
        ({"tokens_per_day": -1}, "tokens_per_day"),
        ({"tokens_per_day": 1.5}, "tokens_per_day"),
        ({"dollars_per_month": 0}, "dollars_per_month"),
        ({"dollars_per_month": "nan"}, "dollars_per_month"),
        ({"dollars_per_month": "1e99"}, "dollars_per_month"),
        ({"dollars_per_month": 9_000_001}, "dollars_per_month"),
        ({"dollars_per_month": True}, "dollars_per_month"),
        ({"dollars_per_month": [1]}, "dollars_per_month"),
        ({"models": "m"}, "models"),
        ({"models": ["m", ""]}, "models"),
        ({"models": ["m"] * 101}, "models"),
        ({"namespace": "a b"}, "namespace"),
        ({"expires_in_seconds": 0}, "expires_in_seconds"),
        ({"modles": ["m"]}, "modles"),
    ],
)
async def test_what_a_key_cannot_have_is_refused_and_none_is_made(
    office: AdminHarness, fields: dict[str, object], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await made(office, **fields)

    assert refused.value.param == param
    assert office.exact.keys == {}


@pytest.mark.parametrize("action", ["create_key", "rotate_key"])
async def test_without_a_secret_no_key_is_made(action: str) -> None:
    with pytest.raises(InvalidRequest, match="KEY_SIGNING_SECRET") as refused:
        await perform(AdminHarness(), action, tenant="acme", name="ci", id="acme.1")

    assert refused.value.code == "keys_not_available"


async def test_without_a_secret_keys_can_still_be_revoked(office: AdminHarness) -> None:
    answer = await made(office)
    bare = AdminHarness(exact=office.exact)

    assert (await perform(bare, "revoke_key", id=answer["id"]))["status"] == "revoked"


async def test_keys_are_listed_with_what_they_have_used(office: AdminHarness) -> None:
    answer = await made(office, tokens_per_day=100, dollars_per_month=2)
    used = KeyUsage(int(NOW) - 5, 3, day_of(NOW), 40, month_of(NOW), 500_000_000)
    office.exact.use(*place(answer), used)
    await made(office, tenant="other")

    listed = await perform(office, "keys", tenant="acme")

    [key] = listed["keys"]
    assert key["limits"] == {
        "requests_per_minute": None,
        "tokens_per_day": 100,
        "dollars_per_month": 2.0,
    }
    assert key["used"] == {
        "requests_this_minute": 3,
        "tokens_today": 40,
        "dollars_this_month": 0.5,
    }
    assert len((await perform(office, "keys"))["keys"]) == 2


async def test_what_was_used_on_another_day_is_not_todays(office: AdminHarness) -> None:
    answer = await made(office)
    used = KeyUsage(1, 3, day_of(NOW) - 1, 40, month_of(NOW) - 1, 5)
    office.exact.use(*place(answer), used)

    [key] = (await perform(office, "keys"))["keys"]

    assert set(key["used"].values()) == {0}


@pytest.mark.parametrize("named", ["id", "key"])
async def test_a_key_is_revoked_by_its_id_or_by_the_key_itself(
    office: AdminHarness, named: str
) -> None:
    answer = await made(office)

    revoked = await perform(office, "revoke_key", id=answer[named])
    again = await perform(office, "revoke_key", id=answer["id"])

    assert revoked == again
    assert revoked["revoked_at"] == int(NOW)
    assert [key["status"] for key in (await perform(office, "keys"))["keys"]] == ["revoked"]


async def test_a_key_that_there_is_not_cannot_be_revoked(office: AdminHarness) -> None:
    with pytest.raises(NotFound, match=r"acme\.00"):
        await perform(office, "revoke_key", id="acme.00")


@pytest.mark.parametrize("name", ["acme", "a..b", "", "a.b.c.d", 7])
async def test_what_is_no_keys_id_is_refused(office: AdminHarness, name: object) -> None:
    with pytest.raises(InvalidRequest):
        await perform(office, "revoke_key", id=name)


async def test_a_rotated_key_hands_over_its_limits_and_what_it_has_used(
    office: AdminHarness,
) -> None:
    old = await made(office, tokens_per_day=100, models=["m"])
    used = KeyUsage(day=day_of(NOW), tokens=40)
    office.exact.use(*place(old), used)
    office.exact.time += 60

    new = await perform(office, "rotate_key", id=old["id"])

    assert new["replaces"] == old["id"]
    assert RING.verified(new["key"]) == Client(*place(new))
    assert (new["limits"], new["models"]) == (old["limits"], old["models"])
    assert office.exact.keys[place(new)].usage == used
    statuses = {key["id"]: key["status"] for key in (await perform(office, "keys"))["keys"]}
    assert statuses == {old["id"]: "revoked", new["id"]: "active"}


async def test_a_rotated_key_may_live_on_for_a_while(office: AdminHarness) -> None:
    old = await made(office)

    new = await perform(office, "rotate_key", id=old["id"], grace_seconds=600)

    assert new["replaced_ends_at"] == int(NOW) + 600
    assert office.exact.keys[place(old)].record.expires_at == int(NOW) + 600
    assert office.exact.keys[place(new)].record.expires_at is None


async def test_grace_never_delays_an_expiry(office: AdminHarness) -> None:
    old = await made(office, expires_in_seconds=60)

    new = await perform(office, "rotate_key", id=old["id"], grace_seconds=600)

    assert new["replaced_ends_at"] == int(NOW) + 60


async def test_a_revoked_key_cannot_be_rotated(office: AdminHarness) -> None:
    old = await made(office)
    await perform(office, "revoke_key", id=old["id"])

    with pytest.raises(InvalidRequest, match="revoked"):
        await perform(office, "rotate_key", id=old["id"])


async def test_a_change_from_elsewhere_is_kept_when_a_key_is_revoked(office: AdminHarness) -> None:
    answer = await made(office)
    write = office.exact.write_key
    changes = iter([KeyRecord(name="renamed", created_at=int(NOW))])

    async def contended(tenant: str, key_id: str, record: KeyRecord, **rest: Any) -> bool:
        for change in changes:  # somebody else is a moment earlier, once
            await write(tenant, key_id, change, instead_of=rest["instead_of"])
        return await write(tenant, key_id, record, **rest)

    office.exact.write_key = contended  # type: ignore[method-assign]  # the race itself
    await perform(office, "revoke_key", id=answer["id"])

    record = office.exact.keys[place(answer)].record
    assert (record.name, record.revoked_at) == ("renamed", int(NOW))


@pytest.mark.parametrize("action", ["create_key", "revoke_key"])
async def test_a_record_that_never_stands_still_is_reported_as_a_conflict(
    office: AdminHarness, action: str
) -> None:
    answer = await made(office)

    async def never(*_: object, **__: object) -> bool:
        return False

    office.exact.write_key = never  # type: ignore[method-assign]  # always somebody else's turn
    fields = {"tenant": "acme", "name": "x"} if action == "create_key" else {"id": answer["id"]}
    with pytest.raises(InvalidRequest, match="again") as refused:
        await perform(office, action, **fields)

    assert refused.value.code == "conflict"
