"""Answers that clients have and the stores not yet."""

import asyncio

from llm_cache_proxy.pipeline.support.unstored import (
    MOST_UNSTORED,
    MOST_UNSTORED_BYTES,
    UnstoredAnswers,
)


class Gate:
    """Work that goes on until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def work(self) -> None:
        await self.opened.wait()


async def is_waiting(task: asyncio.Task[None]) -> bool:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return not task.done()


async def test_a_tenants_request_waits_for_the_key_that_it_asks_for() -> None:
    unstored, gate = UnstoredAnswers(), Gate()
    assert unstored.start("acme", frozenset({"k1", "asked"}), 10, gate.work)

    await unstored.stored("acme", {"k2"})
    await unstored.stored("other", {"k1"})
    same = asyncio.create_task(unstored.stored("acme", {"k1"}))
    moved = asyncio.create_task(unstored.stored("acme", {"asked"}))
    any_key = asyncio.create_task(unstored.stored("acme"))
    every = asyncio.create_task(unstored.all_stored())
    waiting = [await is_waiting(task) for task in (same, moved, any_key, every)]
    gate.opened.set()
    await asyncio.gather(same, moved, any_key, every)

    assert waiting == [True] * 4
    await unstored.stored("acme", {"k1"})
    await unstored.all_stored()


async def test_no_more_than_so_many_are_begun() -> None:
    unstored, gate = UnstoredAnswers(), Gate()

    begun = [
        unstored.start("acme", frozenset({str(n)}), 1, gate.work) for n in range(MOST_UNSTORED + 1)
    ]
    gate.opened.set()
    await unstored.wait_at_most(1)

    assert begun == [True] * MOST_UNSTORED + [False]
    assert unstored.start("acme", frozenset({"later"}), 1, gate.work)
    await unstored.wait_at_most(1)


async def test_no_more_than_so_many_bytes_are_held() -> None:
    unstored, gate = UnstoredAnswers(), Gate()
    half = MOST_UNSTORED_BYTES // 2

    begun = [unstored.start("acme", frozenset({str(n)}), half, gate.work) for n in range(3)]
    gate.opened.set()
    await unstored.wait_at_most(1)

    assert begun == [True, True, False]
    assert unstored.start("acme", frozenset({"later"}), MOST_UNSTORED_BYTES, gate.work)
    await unstored.wait_at_most(1)


async def test_what_is_not_stored_in_time_is_given_up() -> None:
    unstored, gate = UnstoredAnswers(), Gate()
    unstored.start("acme", frozenset({"k1"}), 10, gate.work)

    await unstored.wait_at_most(0)

    await unstored.stored("acme", {"k1"})  # nobody waits for it any more
