"""Every distinct text's vector, computed once, and what is near what.

Vectors have unit length, so that their dot product is the cosine.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from llm_cache_proxy.adapters.embedder.minilm.embedder import MiniLMEmbedder, installed_embedder_id
from llm_cache_proxy.bootstrap.embedders import named_embedder_id, remote_embedder
from llm_cache_proxy.bootstrap.local.cores import usable_cores
from llm_cache_proxy.bootstrap.local.folders import model_dir
from llm_cache_proxy.cli.evaluation.vector_file import VectorFile
from llm_cache_proxy.domain.evaluation import NearEarlier
from llm_cache_proxy.ports.embedder import Embedder, Embedding
from llm_cache_proxy.settings import Settings

Vectors = npt.NDArray[np.float32]

_PATIENT_SECONDS = 60.0
_CHUNK = 128  # texts between two reports of progress
_BLOCK = 256  # prompts whose similarities to all others are held at once


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors of distinct texts (`at` is each one's row), and which were read to their end."""

    at: dict[str, int]
    vectors: Vectors
    whole: Sequence[bool]

    def similarity(self, a: str, b: str) -> float:
        """The cosine of two of the texts."""
        return float(self.vectors[self.at[a]] @ self.vectors[self.at[b]])

    def is_whole(self, *texts: str) -> bool:
        """Whether the embedder read all of these to their end."""
        return all(self.whole[self.at[text]] for text in texts)


def embed(
    settings: Settings,
    texts: Iterable[str],
    progress: Callable[[int], None],
    *,
    kept_in: Path | None = None,
) -> Embedded:
    """Embed each distinct text with the chosen embedder; `progress` gets counts as they finish.

    Texts whose vectors are kept in the folder `kept_in` are not embedded again. Raises
    EmbedderUnavailable, and ClickException for a folder that cannot be used.
    """
    distinct = sorted(
        set(texts), key=lambda text: (len(text), text)
    )  # texts of one length batch best
    kept = VectorFile(kept_in, _embedder_id(settings))
    kept.load()
    new = [text for text in distinct if kept.get(text) is None]
    progress(len(distinct) - len(new))
    kept.add(new, asyncio.run(_embedded(settings, new, progress)))
    embedded = [found for text in distinct if (found := kept.get(text)) is not None]
    return Embedded(
        at={text: row for row, text in enumerate(distinct)},
        vectors=np.array([each.vector for each in embedded], dtype=np.float32),
        whole=[each.whole for each in embedded],
    )


async def _embedded(
    settings: Settings, texts: Sequence[str], progress: Callable[[int], None]
) -> list[Embedding]:
    if not texts:
        return []
    workers = usable_cores()
    embedder = _embedder(settings, workers)
    free = asyncio.Semaphore(workers)

    async def one(chunk: Sequence[str]) -> list[Embedding]:
        async with free:
            found = await embedder.embed(chunk)
            progress(len(chunk))
            return found

    try:
        if isinstance(embedder, MiniLMEmbedder):
            await embedder.load()
        found = await asyncio.gather(*(one(chunk) for chunk in _chunks(texts)))
    finally:
        await embedder.aclose()
    return [embedding for chunk in found for embedding in chunk]


def _embedder(settings: Settings, at_once: int) -> Embedder:
    """The embedder that is named; else MiniLM in this process, wherever it serves requests."""
    if settings.embedder != "minilm":
        patient = settings.model_copy(update={"embed_deadline_seconds": _PATIENT_SECONDS})
        named = remote_embedder(patient)
        if named is not None:
            return named[0]
    folder = model_dir(settings)
    return MiniLMEmbedder(
        folder,
        embedder_id=_embedder_id(settings),
        threads=settings.embedding_threads or 1,  # as many texts at once as there are cores
        at_once=at_once,
    )


def _embedder_id(settings: Settings) -> str:
    if settings.embedder != "minilm":
        return named_embedder_id(settings)
    return installed_embedder_id(model_dir(settings))


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK))


def nearest_earlier(vectors: Vectors, *, least: float, k: int) -> Iterator[NearEarlier]:
    """For each row the `k` nearest earlier rows at or above `least`, nearest first."""
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors[: start + _BLOCK].T
        for later, row in enumerate(block, start=start):
            near = np.flatnonzero(row[:later] >= least)
            for earlier in near[np.argsort(-row[near], kind="stable")][:k]:
                yield NearEarlier(later, int(earlier), float(row[earlier]))
