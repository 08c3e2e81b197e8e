"""A process that asks through LangChain, with one of its caches or none; run by its interpreter.

`python langchain_caller.py CACHE REDIS_URL BASE_URL MODEL_FOLDER`. Each line on standard input is
`{"prompts": [...]}`; for each it prints `{"cpu_ms", "seconds", "resident_mb", "answers"}`, the
milliseconds those of this process for all of the prompts.
"""

import json
import os
import sys
import time
from pathlib import Path

from langchain_core.embeddings import Embeddings
from langchain_core.globals import set_llm_cache
from langchain_openai import ChatOpenAI


class MiniLM(Embeddings):
    """Our weights and engine behind their interface."""

    def __init__(self, folder: str) -> None:
        from llm_cache_proxy.adapters.embedder.minilm.engine import MiniLMEngine  # noqa: PLC0415

        self._engine = MiniLMEngine.load(Path(folder), threads=1)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector each."""
        return [list(one.vector) for one in self._engine.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        """One vector."""
        return self.embed_documents([text])[0]


def _cache(kind: str, redis_url: str, model: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    import redis  # noqa: PLC0415 - only what the cache needs is imported

    if kind == "langchain-community RedisCache":
        from langchain_community.cache import RedisCache  # noqa: PLC0415

        return RedisCache(redis.Redis.from_url(redis_url))
    if kind == "langchain-redis RedisCache":
        from langchain_redis import RedisCache  # noqa: PLC0415

        return RedisCache(redis_url=redis_url)
    if kind == "langchain-redis RedisSemanticCache":
        from langchain_redis import RedisSemanticCache  # noqa: PLC0415

        return RedisSemanticCache(embeddings=MiniLM(model), redis_url=redis_url)
    return None


def main() -> None:
    """Answer each line."""
    kind, redis_url, base_url, model = sys.argv[1:]
    set_llm_cache(_cache(kind, redis_url, model))
    chat = ChatOpenAI(model="scripted-model", base_url=base_url, api_key="none", max_retries=0)
    for line in sys.stdin:
        prompts = json.loads(line)["prompts"]
        cpu, began = time.process_time(), time.perf_counter()
        answers = [chat.invoke(prompt).content for prompt in prompts]
        taken = {
            "seconds": time.perf_counter() - began,
            "cpu_ms": (time.process_time() - cpu) * 1000,
            "resident_mb": _resident_mb(),
            "answers": answers,
        }
        print(json.dumps(taken), flush=True)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
