from collections.abc import AsyncGenerator

import pytest

from llm_cache_proxy.domain.closable_body import bounded_body


@pytest.mark.parametrize(("most", "expected"), [(10, b"abcdef"), (6, b"abcdef"), (4, b"abcd")])
async def test_no_more_is_held_than_the_bound_and_the_body_is_closed(
    most: int, expected: bytes
) -> None:
    closed = False

    async def body() -> AsyncGenerator[bytes, None]:
        nonlocal closed
        try:
            yield b"abc"
            yield b"def"
        finally:
            closed = True

    held = await bounded_body(body(), most)

    assert held == expected
    assert closed
