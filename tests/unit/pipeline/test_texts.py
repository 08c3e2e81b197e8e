"""Facts about legacy completions on a miss and on a hit."""

import json
from typing import Any

from fakes.upstream import SSE_HEADERS, sse
from llm_cache_proxy.domain.dialects.text import TextDialect
from unit.pipeline.bench import Bench, Told


def chunk(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {"id": "cmpl-1", "object": "text_completion", "choices": [choice]}


async def ask(bench: Bench, prompt: str, **changes: Any) -> Told:
    return await bench.ask(prompt, dialect=TextDialect(), **changes)


async def test_a_streamed_text_answers_plain_and_streamed() -> None:
    bench = Bench()
    pieces = sse(chunk(" upon"), chunk(" a time"), chunk("", "stop"))
    bench.upstream.queue(pieces, headers=SSE_HEADERS)

    first = await ask(bench, "Once", stream=True)
    plain, streamed = await ask(bench, "Once"), await ask(bench, "Once", stream=True)

    assert first.body == b"".join(pieces)
    assert (plain.x_cache, streamed.x_cache) == ("HIT-EXACT", "HIT-EXACT")
    assert json.loads(plain.body)["choices"][0]["text"] == " upon a time"
    assert streamed.body.endswith(b"data: [DONE]\n\n")


async def test_a_prompt_that_differs_in_a_space_is_another() -> None:
    bench = Bench()
    bench.embedder.alike("Once", "Once ", 0.99)
    for _ in range(2):
        bench.upstream.queue([json.dumps(chunk(" upon", "stop")).encode()])
    await ask(bench, "Once")

    told = await ask(bench, "Once ")

    assert (told.x_cache, told.outcome.reason) == ("MISS", "exact-route")
