"""The embedder in this process: all-MiniLM-L6-v2 from a folder that is prepared once.

Nothing is imported, opened or started before the first text; from then on the model works in
threads of its own, never in the event loop's. A caller that stops waiting leaves no lock behind.
"""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from llm_cache_proxy.adapters.embedder.minilm.engine import MiniLMEngine, describe_model, turns
from llm_cache_proxy.adapters.embedder.minilm.turns import BATCH, PROMPT, Turns
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.ports.embedder import Embedding

DEFAULT_EMBEDDER_ID = "minilm-l6-v2/onnx-fp32"


def installed_embedder_id(folder: Path) -> str:
    """The id of the model in `folder`; the default model's where none can be read."""
    try:
        return describe_model(folder).embedder_id
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT_EMBEDDER_ID


class MiniLMEmbedder:
    """`threads` compute one vector together; `at_once` callers are served at a time.

    `embedder_id` is the model that is expected in `folder`: another one is refused, since its
    vectors would be compared with this one's.
    """

    def __init__(
        self,
        folder: Path,
        *,
        embedder_id: str = DEFAULT_EMBEDDER_ID,
        threads: int = 1,
        at_once: int = 1,
    ) -> None:
        self._folder = folder
        self._embedder_id = embedder_id
        self._threads = threads
        self._at_once = at_once
        self._turns = Turns(at_once)
        self._loading = threading.Lock()
        self._engine: MiniLMEngine | None = None
        self._workers: ThreadPoolExecutor | None = None

    @property
    def embedder_id(self) -> str:
        """Model and engine; vectors of different ids are never compared."""
        return self._embedder_id

    @property
    def priced_as(self) -> str:
        """No model: its calls cost no tokens."""
        return ""

    async def load(self) -> None:
        """Load the model now, ahead of the first text; raises EmbedderUnavailable."""
        await self._in_worker([])

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order; accepts any text. Raises EmbedderUnavailable.

        One text alone goes before the turns of larger batches.
        """
        found: dict[int, Embedding] = {}
        priority = PROMPT if len(texts) == 1 else BATCH
        for turn in turns(texts):
            async with self._turns.turn(priority):
                embedded = await self._in_worker([texts[index] for index in turn])
            found.update(zip(turn, embedded, strict=True))
        return [found[index] for index in range(len(texts))]

    async def aclose(self) -> None:
        """Let the running texts finish, drop the waiting ones, and unload the model."""
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.shutdown, wait=True, cancel_futures=True)
        self._engine = None

    async def _in_worker(self, texts: Sequence[str]) -> list[Embedding]:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(self._at_once, thread_name_prefix="minilm")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._work, texts)

    def _work(self, texts: Sequence[str]) -> list[Embedding]:
        with self._loading:
            if self._engine is None:
                self._engine = self._loaded()
            engine = self._engine
        try:
            return engine.embed(texts) if texts else []
        except Exception as exc:  # ONNX Runtime's errors have no common ancestor but this one
            raise EmbedderUnavailable(f"The embedding model failed: {exc}") from exc

    def _loaded(self) -> MiniLMEngine:
        if not (self._folder / "model.json").is_file():
            raise EmbedderUnavailable(f"There is no embedding model in {self._folder}.")
        try:
            engine = MiniLMEngine.load(self._folder, threads=self._threads)
        except Exception as exc:  # a library that is missing, a file that is no model: any type
            raise EmbedderUnavailable(
                f"The embedding model in {self._folder} does not load: {exc}"
            ) from exc
        found = engine.description.embedder_id
        if found != self._embedder_id:
            raise EmbedderUnavailable(
                f"The model in {self._folder} is {found}, not {self._embedder_id} as configured."
            )
        return engine
