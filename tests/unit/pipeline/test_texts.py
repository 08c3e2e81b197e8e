"""Facts about legacy completions on a miss and on a hit."""

import json
from typing import Any

from fakes.upstream import SSE_HEADERS, sse
from llm_cache_proxy.domain.dialects.text import TextDialect
from unit.pipeline.harness import Harness, ReceivedAnswer


def chunk(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {"id": "cmpl-1", "object": "text_completion", "choices": [choice]}


async def ask(harness: Harness, prompt: str, **changes: Any) -> ReceivedAnswer:
    return await harness.ask(prompt, dialect=TextDialect(), **changes)


async def test_a_streamed_text_answers_plain_and_streamed() -> None:
    harness = Harness()
    pieces = sse(chunk(" upon"), chunk(" a time"), chunk("", "stop"))
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    first = await ask(harness, "Once", stream=True)
    plain, streamed = await ask(harness, "Once"), await ask(harness, "Once", stream=True)

    assert first.body == b"".join(pieces)
    assert (plain.x_cache, streamed.x_cache) == ("HIT-EXACT", "HIT-EXACT")
    assert json.loads(plain.body)["choices"][0]["text"] == " upon a time"
    assert streamed.body.endswith(b"data: [DONE]\n\n")


async def test_a_prompt_that_differs_in_a_space_is_another() -> None:
    harness = Harness()
    harness.embedder.set_similarity("Once", "Once ", 0.99)
    for _ in range(2):
        harness.upstream.queue([json.dumps(chunk(" upon", "stop")).encode()])
    await ask(harness, "Once")

    answer = await ask(harness, "Once ")

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "exact-route")
