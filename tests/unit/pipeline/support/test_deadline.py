"""Facts about the deadline that many short waits share."""

import asyncio
import threading

import pytest

from llm_cache_proxy.pipeline.support.dependency import Deadline

SOON_SECONDS = 0.02


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_block_that_lasts_too_long_ends_with_a_timeout() -> None:
    with pytest.raises(TimeoutError), Deadline(SOON_SECONDS).wait():
        await for_ever()

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_block_that_ends_in_time_is_left_alone_afterwards() -> None:
    deadline = Deadline(SOON_SECONDS)

    for _ in range(3):
        with deadline.wait():
            await asyncio.sleep(0)
    with pytest.raises(TimeoutError), deadline.wait():
        await for_ever()  # by then all the others would have been ended


async def test_each_of_many_waits_ends_on_its_own() -> None:
    deadline, ended = Deadline(SOON_SECONDS), []

    async def wait(number: int) -> None:
        try:
            with deadline.wait():
                await (asyncio.sleep(0) if number % 2 else for_ever())
        except TimeoutError:
            ended.append(number)

    await asyncio.gather(*(wait(number) for number in range(6)))

    assert ended == [0, 2, 4]


async def test_a_cancellation_by_others_stays_one() -> None:
    deadline = Deadline(60)

    async def wait() -> None:
        with deadline.wait():
            await for_ever()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_by_others_outweighs_the_deadline() -> None:
    deadline = Deadline(SOON_SECONDS)

    async def wait() -> None:
        with deadline.wait():
            try:
                await for_ever()
            except asyncio.CancelledError:
                task.cancel()
                raise

    task = asyncio.create_task(wait())

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_of_two_deadlines_around_a_block_the_shorter_ends_it() -> None:
    outer_ended = False
    try:
        with Deadline(60).wait(), pytest.raises(TimeoutError), Deadline(SOON_SECONDS).wait():
            await for_ever()
    except TimeoutError:
        outer_ended = True

    assert not outer_ended


async def test_another_error_of_the_block_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError), Deadline(SOON_SECONDS).wait():
        raise KeyError


def test_one_deadline_serves_one_loop_after_another_and_those_of_other_threads() -> None:
    deadline, ended = Deadline(SOON_SECONDS), []

    async def wait() -> None:
        with deadline.wait():
            await for_ever()

    def serve() -> None:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                asyncio.run(wait())
            ended.append(threading.get_ident())

    threads = [threading.Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ended) == 6


async def test_only_a_task_can_be_ended() -> None:
    failed = asyncio.get_running_loop().create_future()

    def enter() -> None:
        try:
            with Deadline(60).wait():
                failed.set_result(None)
        except RuntimeError as exc:
            failed.set_result(exc)

    asyncio.get_running_loop().call_soon(enter)

    assert isinstance(await failed, RuntimeError)
