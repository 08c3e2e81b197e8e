"""Facts about prompts of megabytes: others have their turns while one is read."""

import asyncio

from unit.pipeline.harness import Harness

LARGE = "word " * 400_000


async def test_a_large_prompt_is_a_miss_and_then_a_hit_like_any_other() -> None:
    harness = Harness()

    first, again = await harness.ask(LARGE), await harness.ask(LARGE)

    assert (first.x_cache, again.x_cache) == ("MISS", "HIT-EXACT")


async def turns_meanwhile(text: str) -> int:
    """How often another task has its turn until the answer is there."""
    asking = asyncio.create_task(Harness().ask(text))
    turns = 0
    while not asking.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def test_others_have_many_turns_before_a_large_prompt_has_its_key() -> None:
    assert await turns_meanwhile(LARGE) > 2 * await turns_meanwhile("word")
