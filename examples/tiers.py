"""Ask through each tier with the official SDK, and print where each answer came from.

    make dev                                  # in another terminal
    .venv/bin/python examples/tiers.py        # BASE_URL names another proxy

Each run uses a namespace of its own, so that it starts with an empty cache.
"""

import os
import time
import uuid

import httpx
import openai

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:3000/v1")
MODEL = os.environ.get("MODEL", "llama-3.1-8b-instant")
QUESTION = "What is Rust?"
LINE = "{:<23} {:<13} {:<16} {:>10} {:>6}  {:.40}"
STEPS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("first ask", QUESTION, {}),
    ("the same", QUESTION, {}),
    ("other case and spacing", "  what   IS rust? ", {}),
    ("a paraphrase", "Tell me what Rust is", {}),
    ("the paraphrase again", "Tell me what Rust is", {}),
    ("another question", "What is Go?", {}),
    ("around the cache", QUESTION, {"x-bypass-cache": "true"}),
)


def main() -> None:
    """Ask every question and print the table."""
    namespace = f"example-{uuid.uuid4().hex[:8]}"
    print(f"{MODEL} through {BASE_URL}")
    print(LINE.format("", "x-cache", "reason", "similarity", "ms", "answer"))
    with openai.OpenAI(
        base_url=BASE_URL,
        api_key=os.environ.get("API_KEY", "any"),
        default_headers={"x-cache-namespace": namespace},
    ) as client:
        for what, question, headers in STEPS:
            print(LINE.format(what, *asked(client, question, headers)))
        print(LINE.format("the first, streamed", *streamed(client)))


def asked(client: openai.OpenAI, question: str, headers: dict[str, str]) -> tuple[str, ...]:
    """One row: where the answer came from, how long it took, and how it begins."""
    start = time.perf_counter()
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": question}], extra_headers=headers
    )
    said = raw.parse().choices[0].message.content or ""
    return row(raw.headers, start, said)


def streamed(client: openai.OpenAI) -> tuple[str, ...]:
    """The first question once more, as a stream: the stored answer serves it too."""
    start = time.perf_counter()
    with client.chat.completions.with_streaming_response.create(
        model=MODEL, messages=[{"role": "user", "content": QUESTION}], stream=True
    ) as raw:
        said = "".join(
            chunk.choices[0].delta.content or "" for chunk in raw.parse() if chunk.choices
        )
        return row(raw.headers, start, said)


def row(headers: httpx.Headers, start: float, said: str) -> tuple[str, ...]:
    """The cells of an answer with these headers, asked for at `start`."""
    spent_ms = (time.perf_counter() - start) * 1000
    similarity = headers.get("x-cache-similarity", "")
    return headers["x-cache"], headers["x-cache-reason"], similarity, f"{spent_ms:.0f}", said


if __name__ == "__main__":
    main()
