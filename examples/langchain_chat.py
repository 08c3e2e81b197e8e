"""LangChain through the proxy: only the base URL is new.

make dev                                           # in another terminal
pip install langchain-openai
python examples/langchain_chat.py                  # BASE_URL names another proxy
"""

import os
import uuid

from langchain_openai import ChatOpenAI

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:3000/v1")
MODEL = os.environ.get("MODEL", "llama-3.1-8b-instant")


def main() -> None:
    """Ask, ask again, and ask in other words, in a namespace of our own."""
    model = ChatOpenAI(
        model=MODEL,
        base_url=BASE_URL,
        api_key=os.environ.get("API_KEY", "any"),
        default_headers={"x-cache-namespace": f"example-{uuid.uuid4().hex[:8]}"},
        include_response_headers=True,
    )
    for question in ("What is Rust?", "What is Rust?", "Tell me what Rust is"):
        answer = model.invoke(question)
        print(
            f"{answer.response_metadata['headers']['x-cache']:<13} {question:<22} {answer.text:.40}"
        )


if __name__ == "__main__":
    main()
