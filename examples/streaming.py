"""Stream an answer twice: as the model tells it, and as the cache replays it.

make dev                                      # in another terminal
.venv/bin/python examples/streaming.py        # BASE_URL names another proxy
"""

import os
import time
import uuid

import openai

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:3000/v1")
MODEL = os.environ.get("MODEL", "llama-3.1-8b-instant")


def main() -> None:
    """Ask twice in a namespace of our own."""
    headers = {"x-cache-namespace": f"example-{uuid.uuid4().hex[:8]}"}
    with openai.OpenAI(base_url=BASE_URL, api_key=os.environ.get("API_KEY", "any")) as client:
        for _ in range(2):
            stream_once(client, headers)


def stream_once(client: openai.OpenAI, headers: dict[str, str]) -> None:
    """Print each piece as it comes, then where it came from, how soon it began and ended."""
    start = time.perf_counter()
    first_ms = 0.0
    with client.chat.completions.with_streaming_response.create(
        model=MODEL,
        messages=[{"role": "user", "content": "What is a tide?"}],
        stream=True,
        stream_options={"include_usage": True},
        extra_headers=headers,
    ) as raw:
        tokens = 0
        for chunk in raw.parse():
            first_ms = first_ms or (time.perf_counter() - start) * 1000
            tokens = chunk.usage.total_tokens if chunk.usage else tokens
            if chunk.choices:
                print(chunk.choices[0].delta.content or "", end="", flush=True)
        spent_ms = (time.perf_counter() - start) * 1000
        times = f"first piece after {first_ms:.0f} ms, all after {spent_ms:.0f} ms"
        print(f"\n  {raw.headers['x-cache']}: {times}, {tokens} tokens\n")


if __name__ == "__main__":
    main()
