"""Facts about whose text the model works on next."""

import asyncio

from llm_cache_proxy.adapters.embedder.minilm.turns import BATCH, PROMPT, Turns


class Callers:
    """Callers that write down their names when they have their turn, and keep it until `end`."""

    def __init__(self, at_once: int = 1) -> None:
        self.turns = Turns(at_once)
        self.had_a_turn: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}

    async def call(self, name: str, priority: int) -> asyncio.Task[None]:
        """A caller that has its turn, or waits for it, when this returns."""
        end = self._ends[name] = asyncio.Event()

        async def called() -> None:
            async with self.turns.turn(priority):
                self.had_a_turn.append(name)
                await end.wait()

        task = asyncio.create_task(called())
        await self.passed()
        return task

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self.passed()

    async def passed(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def test_a_prompt_goes_before_batches_that_came_earlier() -> None:
    callers = Callers()
    await callers.call("running", BATCH)
    await callers.call("batch", BATCH)
    await callers.call("prompt", PROMPT)

    for name in ("running", "prompt", "batch"):
        await callers.end(name)

    assert callers.had_a_turn == ["running", "prompt", "batch"]


async def test_callers_of_one_kind_have_their_turns_in_order() -> None:
    callers = Callers()
    for name in ("first", "second", "third"):
        await callers.call(name, BATCH)

    for name in ("first", "second", "third"):
        await callers.end(name)

    assert callers.had_a_turn == ["first", "second", "third"]


async def test_as_many_have_a_turn_at_once_as_may() -> None:
    callers = Callers(at_once=2)
    for name in ("first", "second", "third"):
        await callers.call(name, PROMPT)

    assert callers.had_a_turn == ["first", "second"]


async def test_a_caller_that_is_cancelled_while_it_waits_takes_no_turn() -> None:
    callers = Callers()
    await callers.call("running", PROMPT)
    left = await callers.call("left", PROMPT)
    await callers.call("next", PROMPT)

    left.cancel()
    await callers.passed()
    await callers.end("running")

    assert callers.had_a_turn == ["running", "next"]


async def test_a_caller_that_is_cancelled_as_its_turn_comes_hands_it_on() -> None:
    callers = Callers()
    running = await callers.call("running", PROMPT)
    left = await callers.call("left", PROMPT)
    await callers.call("next", PROMPT)

    running.cancel()
    await asyncio.sleep(0)  # the turn has been given, and not been taken
    left.cancel()
    await callers.passed()
    await callers.end("next")
    again = await callers.call("again", PROMPT)

    assert callers.had_a_turn[0] == "running"
    assert callers.had_a_turn[-2:] == ["next", "again"]
    again.cancel()
