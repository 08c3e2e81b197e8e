"""Facts about what is made once for all who ask."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from llm_cache_proxy.api.description.made_once import MadeOnce


class CountedExecutor(ThreadPoolExecutor):
    """Two threads, and how often one was taken."""

    def __init__(self) -> None:
        super().__init__(2)
        self.taken = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.taken += 1
        return super().submit(fn, *args, **kwargs)


class Maker:
    """Makes as soon as it is `released`; fails the first `faults` times."""

    def __init__(self, faults: int = 0) -> None:
        self.faults = faults
        self.calls = 0
        self.released = threading.Event()

    def __call__(self) -> str:
        self.calls += 1
        assert self.released.wait(60)
        if self.calls <= self.faults:
            raise RuntimeError("unforeseen")
        return "made"


def executor_here() -> CountedExecutor:
    executor = CountedExecutor()
    asyncio.get_running_loop().set_default_executor(executor)
    return executor


async def test_those_who_ask_at_once_have_it_made_once_in_one_thread() -> None:
    """Six who asked took all threads of two cores, and name look-ups waited for them."""
    make, executor = Maker(), executor_here()
    shared = MadeOnce(make)

    asked = [asyncio.create_task(shared.get()) for _ in range(20)]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        beside = await asyncio.to_thread(lambda: "answered")
    make.released.set()

    assert beside == "answered"
    assert await asyncio.gather(*asked) == ["made"] * 20
    assert (make.calls, executor.taken) == (1, 2)


async def test_what_is_made_is_answered_without_a_thread() -> None:
    make, executor = Maker(), executor_here()
    make.released.set()
    shared = MadeOnce(make)
    await shared.get()

    assert await shared.get() == "made"
    assert executor.taken == 1


async def test_one_who_leaves_takes_it_from_nobody() -> None:
    make = Maker()
    shared = MadeOnce(make)
    leaving, staying = (asyncio.create_task(shared.get()) for _ in range(2))
    await asyncio.sleep(0)

    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    make.released.set()

    assert await staying == "made"
    assert make.calls == 1


async def test_a_failed_making_fails_those_who_wait_and_is_tried_again_by_the_next() -> None:
    make = Maker(faults=1)
    make.released.set()
    shared = MadeOnce(make)

    failed = await asyncio.gather(shared.get(), shared.get(), return_exceptions=True)

    assert [str(each) for each in failed] == ["unforeseen"] * 2
    assert await shared.get() == "made"
    assert make.calls == 2


def test_what_another_loop_was_making_is_made_in_this_one() -> None:
    make = Maker()
    shared = MadeOnce(make)

    async def ask() -> asyncio.Task[str]:
        asking = asyncio.create_task(shared.get())
        await asyncio.sleep(0)
        return asking

    with asyncio.Runner() as other, asyncio.Runner() as this:
        asking = other.run(ask())
        make.released.set()

        assert not asking.done()
        assert this.run(shared.get()) == "made"
