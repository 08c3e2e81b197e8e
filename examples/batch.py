"""A day's questions in a batch: most were asked before, and each answer reports its saving.

make dev                                  # in another terminal
.venv/bin/python examples/batch.py        # BASE_URL names another proxy
"""

import asyncio
import os
import uuid
from collections import Counter

import openai

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:3000/v1")
MODEL = os.environ.get("MODEL", "llama-3.1-8b-instant")
QUESTIONS = (
    "How do I reset my password?",
    "What are your opening hours?",
    "How do I change my e-mail address?",
    "How do I delete my account?",
    "how do i reset my password?",
    "What are your opening hours?",
    "How can I reset my password?",
    "How do I reset my password?",
)


async def main() -> None:
    """Ask all of them, a few at a time, in a namespace of our own."""
    results: Counter[str] = Counter()
    tokens = 0
    at_once = asyncio.Semaphore(2)
    async with openai.AsyncOpenAI(
        base_url=BASE_URL,
        api_key=os.environ.get("API_KEY", "any"),
        default_headers={"x-cache-namespace": f"example-{uuid.uuid4().hex[:8]}"},
    ) as client:

        async def ask(question: str) -> None:
            nonlocal tokens
            async with at_once:
                raw = await client.chat.completions.with_raw_response.create(
                    model=MODEL, messages=[{"role": "user", "content": question}]
                )
            results[raw.headers["x-cache"]] += 1
            tokens += int(raw.headers.get("x-cache-saved-tokens", 0))
            print(f"{raw.headers['x-cache']:<13} {raw.headers['x-cache-reason']:<16} {question}")

        await asyncio.gather(*(ask(question) for question in QUESTIONS))
    hits = sum(count for result, count in results.items() if result != "MISS")
    print(f"\n{hits} of {len(QUESTIONS)} answers were not paid for; {tokens} tokens saved")


if __name__ == "__main__":
    asyncio.run(main())
