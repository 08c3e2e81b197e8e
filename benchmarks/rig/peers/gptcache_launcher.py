"""GPTCache's own server with MiniLM in place of its default model; run by its interpreter.

`python gptcache_launcher.py PORT MODEL_FOLDER DATA_FOLDER`. Everything else is as `gptcache_server
-o True` sets it (SQLite and faiss, the last message as the key, its default threshold), but for
its token counter.
"""

import sys
from pathlib import Path

import gptcache_server.server as theirs
import uvicorn
from gptcache import Cache, Config
from gptcache.adapter.api import init_similar_cache
from gptcache.embedding.base import BaseEmbedding
from gptcache.processor.pre import last_content

from llm_cache_proxy.adapters.embedder.minilm.engine import MiniLMEngine


class MiniLM(BaseEmbedding):
    """Our weights and engine behind their interface."""

    def __init__(self, folder: Path) -> None:
        self._engine = MiniLMEngine.load(folder, threads=1)

    def to_embeddings(self, data, **_):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN201
        """One vector."""
        import numpy as np  # noqa: PLC0415 - theirs

        return np.array(self._engine.embed([data])[0].vector, dtype="float32")

    @property
    def dimension(self) -> int:
        """Of the vectors."""
        return 384


def main() -> None:
    """Serve until stopped."""
    port, model, data = sys.argv[1:]
    theirs.openai_cache = Cache()
    init_similar_cache(
        data_dir=data,
        pre_func=last_content,
        embedding=MiniLM(Path(model)),
        cache_obj=theirs.openai_cache,
        config=Config(enable_token_counter=False),  # it downloads its tables
    )
    uvicorn.run(theirs.app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
