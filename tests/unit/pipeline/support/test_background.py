"""Facts about work that a request leaves behind."""

import asyncio
import contextlib
import logging

import pytest

from llm_cache_proxy.pipeline.support.background import Background


async def test_what_is_under_way_is_waited_for() -> None:
    background, done = Background(), []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(1)

    assert background.start(work)
    assert done == []
    await background.wait()

    assert done == [1]


async def test_no_more_is_begun_than_may_run_at_once() -> None:
    background, released, begun = Background(most=2), asyncio.Event(), []

    async def work() -> None:
        begun.append(1)
        await released.wait()

    assert [background.start(work) for _ in range(3)] == [True, True, False]
    await asyncio.sleep(0)
    released.set()
    await background.wait()

    assert begun == [1, 1]
    assert background.start(work)
    await background.wait()


async def test_what_takes_too_long_is_given_up() -> None:
    background, ended = Background(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    background.start(work)
    await background.wait_at_most(0.01)

    assert ended == [1]


async def test_a_fault_is_logged_and_fails_no_request(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def work() -> None:
        raise RuntimeError("a fault")

    background.start(work)
    with caplog.at_level(logging.ERROR):
        await background.wait()
        await asyncio.sleep(0)

    assert "work in the background failed" in caplog.text


async def test_what_is_done_at_once_ends_first_and_fails_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    background, done = Background(most=0), []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(1)
        raise RuntimeError("unforeseen")

    await background.at_once(work)

    assert done == [1]
    assert "work in the background failed" in caplog.text


async def test_what_is_done_at_once_ends_before_a_cancelled_wait_for_it() -> None:
    """Nothing may run on after a function has answered."""
    background, said = Background(), []

    async def work() -> None:
        said.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            said.append("ended")

    waiting = asyncio.create_task(background.at_once(work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert said == ["begun", "ended"]


async def test_work_that_ends_well_when_cancelled_leaves_its_wait_cancelled() -> None:
    background = Background()

    async def work() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    waiting = asyncio.create_task(background.at_once(work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
