"""Facts about when trouble is reported."""

import asyncio
from collections.abc import Mapping

import pytest

from llm_cache_proxy.administration.alerts.alerts import AlertRules, Alerts

RULES = AlertRules(after_seconds=60, again_seconds=3_600, gap_seconds=60)


class Situation:
    """Troubles that a test lays down, a channel that it may take away, and the one clock."""

    def __init__(self) -> None:
        self.troubles: dict[str, str] = {}
        self.sent: list[str] = []
        self.looks = 0
        self.takes = True
        self.closed = False
        self.time = 1_000.0
        self.looked = asyncio.Event()
        self.alerts = Alerts([self.source], self, self, "host:3000", RULES)

    async def source(self) -> Mapping[str, str]:
        self.looks += 1
        self.looked.set()
        return dict(self.troubles)

    async def send(self, text: str) -> bool:
        self.sent.append(text)
        return self.takes

    async def aclose(self) -> None:
        self.closed = True

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def after(self, seconds: float) -> list[str]:
        """The message that is sent after so long."""
        self.time += seconds
        before = len(self.sent)
        await self.alerts.once()
        return self.sent[before:]


@pytest.fixture
async def situation() -> Situation:
    return Situation()


async def test_a_trouble_is_reported_once_it_lasts(situation: Situation) -> None:
    situation.troubles = {"disk": "the disk is full"}

    assert await situation.after(0) == []
    assert await situation.after(59) == []
    assert await situation.after(1) == [
        "LLM Cache Proxy at host:3000: the disk is full (for 1 min)"
    ]


async def test_a_trouble_that_passes_is_never_reported(situation: Situation) -> None:
    situation.troubles = {"disk": "the disk is full"}
    await situation.after(0)
    situation.troubles = {}

    assert await situation.after(600) == []


async def test_the_end_of_a_reported_trouble_is_reported(situation: Situation) -> None:
    situation.troubles = {"disk": "the disk is full"}
    await situation.after(0)
    await situation.after(60)
    situation.troubles = {}

    assert await situation.after(7_200) == [
        "LLM Cache Proxy at host:3000: over after 2 h: the disk is full"
    ]
    assert await situation.after(600) == []


async def test_a_trouble_that_lasts_is_reported_again_after_an_hour(situation: Situation) -> None:
    situation.troubles = {"upstream": "the upstream has failed 3 times"}
    await situation.after(0)
    await situation.after(60)

    assert await situation.after(3_599) == []
    situation.troubles = {"upstream": "the upstream has failed 900 times"}
    [again] = await situation.after(1)
    assert again.endswith("the upstream has failed 900 times (for 1 h)")


async def test_messages_are_a_minute_apart_and_none_is_lost(situation: Situation) -> None:
    situation.troubles = {"a": "A"}
    await situation.after(0)
    situation.troubles = {"a": "A", "b": "B"}
    await situation.after(30)
    await situation.after(30)

    assert await situation.after(30) == []  # B lasts by now, and waits
    assert await situation.after(30) == ["LLM Cache Proxy at host:3000: B (for 1 min)"]


async def test_what_a_channel_did_not_take_goes_with_the_next_message(
    situation: Situation,
) -> None:
    situation.takes = False
    situation.troubles = {"a": "A"}
    await situation.after(0)
    await situation.after(60)
    situation.takes = True
    situation.troubles = {}

    [text] = await situation.after(60)

    assert text.splitlines() == [
        "LLM Cache Proxy at host:3000: A (for 1 min)",
        "LLM Cache Proxy at host:3000: over after 2 min: A",
    ]


async def test_a_message_has_twenty_lines_at_most(situation: Situation) -> None:
    situation.troubles = {f"t{number}": f"T{number}" for number in range(50)}
    await situation.after(0)

    [text] = await situation.after(60)

    assert len(text.splitlines()) == 20


async def test_short_times_are_given_in_seconds(situation: Situation) -> None:
    situation.alerts.rules = AlertRules(after_seconds=5)
    situation.troubles = {"a": "A"}
    await situation.after(0)

    assert (await situation.after(5))[0].endswith("A (for 5 s)")


async def test_it_looks_until_it_is_stopped_and_closes_the_channel(situation: Situation) -> None:
    task = asyncio.create_task(situation.alerts.run(0))
    while situation.looks < 2:
        situation.looked.clear()
        await situation.looked.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert situation.closed
