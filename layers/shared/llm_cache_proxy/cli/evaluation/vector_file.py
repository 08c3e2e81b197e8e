"""Vectors kept in a file between runs, by a digest of the text; no text is kept.

One file an embedder, whose name carries its id, so that vectors of two are never mixed.
"""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import numpy as np

from llm_cache_proxy.ports.embedder import Embedding


class VectorFile:
    """The vectors known so far; `None` for a folder keeps nothing."""

    def __init__(self, folder: Path | None, embedder_id: str) -> None:
        self._path = None if folder is None else folder / f"{re.sub('[/:]', '-', embedder_id)}.npz"
        self._known: dict[bytes, Embedding] = {}

    def load(self) -> None:
        """Read the file, if there is one. Raises ClickException for one that is damaged."""
        if self._path is None or not self._path.exists():
            return
        try:
            with np.load(self._path) as found:
                digests, vectors, tokens, whole = (
                    found[name] for name in ("digests", "vectors", "tokens", "whole")
                )
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as exc:
            raise click.ClickException(f"{self._path}: no file of vectors ({exc}).") from exc
        for digest, vector, count, all_of_it in zip(digests, vectors, tokens, whole, strict=True):
            self._known[digest.tobytes()] = Embedding(vector, int(count), bool(all_of_it))

    def get(self, text: str) -> Embedding | None:
        """The text's embedding, if it is known."""
        return self._known.get(_digest(text))

    def add(self, texts: Iterable[str], embeddings: Sequence[Embedding]) -> None:
        """Keep new embeddings, one a text."""
        if not embeddings:
            return
        self._known.update(zip(map(_digest, texts), embeddings, strict=True))
        self._save()

    def _save(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        every = list(self._known.values())
        unfinished = self._path.with_suffix(".part.npz")  # a run may be killed while it writes
        np.savez(
            unfinished,
            digests=np.array([np.frombuffer(digest, np.uint8) for digest in self._known]),
            vectors=np.array([each.vector for each in every], dtype=np.float32),
            tokens=np.array([each.tokens for each in every], dtype=np.int32),
            whole=np.array([each.whole for each in every]),
        )
        unfinished.replace(self._path)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
