"""Facts about the last decisions on the dashboard."""

import json

from fakes.admin import AdminHarness


def line(time: object, result: str = "MISS") -> str:
    return json.dumps({"time": time, "result": result})


async def times(office: AdminHarness) -> list[object]:
    answer = await office.administration().dashboard("hour")
    recent = answer["recent"]
    assert isinstance(recent, list)
    return [each["time"] for each in recent]


async def test_decisions_of_all_tenants_come_newest_first() -> None:
    office = AdminHarness()
    await office.exact.record("a", {}, [line(1), line(3)])
    await office.exact.record("b", {}, [line(2)])

    assert await times(office) == [3, 2, 1]


async def test_no_more_are_shown_than_a_page_has_room_for() -> None:
    office = AdminHarness()
    for tenant in "abc":
        await office.exact.record(tenant, {}, [line(at) for at in range(10)])

    found = await times(office)

    assert len(found) == 20
    assert found[:3] == [9, 9, 9]


async def test_lines_that_make_no_sense_are_left_out() -> None:
    office = AdminHarness()
    lines = ["no json", "[]", '{"time": 5}', line(4)]
    await office.exact.record("a", {}, lines)

    assert await times(office) == [4]


async def test_a_line_without_a_time_comes_last() -> None:
    office = AdminHarness()
    await office.exact.record("a", {}, [line("noon"), line(4)])

    assert await times(office) == [4, "noon"]
