"""The models of several upstreams in one list, kept for a few minutes.

Never fails: an upstream that gives no list contributes the names configured for it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol


class ModelSource(Protocol):
    """An upstream as far as its models go."""

    async def listed_models(self) -> list[dict[str, object]] | None:
        """The upstream's own list, None when it cannot be had."""
        ...

    def configured_models(self) -> list[dict[str, object]]:
        """What is known without asking."""
        ...


class ModelList:
    """Model objects by id, the earlier source's where two have one id.

    A whole list is kept for `kept_seconds`, one with gaps for `gap_seconds`.
    """

    def __init__(
        self,
        sources: Sequence[ModelSource],
        *,
        kept_seconds: float = 300.0,
        gap_seconds: float = 15.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._kept_seconds = kept_seconds
        self._gap_seconds = gap_seconds
        self._monotonic = monotonic
        self._known: list[dict[str, object]] = []
        self._fresh_until = -1.0

    async def merged(self) -> list[dict[str, object]]:
        """The list, fetched again once it is old."""
        if self._monotonic() < self._fresh_until:
            return list(self._known)
        answers = await asyncio.gather(*(source.listed_models() for source in self._sources))
        by_id: dict[object, dict[str, object]] = {}
        for source, answer in zip(self._sources, answers, strict=True):
            for model in source.configured_models() if answer is None else answer:
                by_id.setdefault(model["id"], model)
        self._known = list(by_id.values())
        kept = self._gap_seconds if None in answers else self._kept_seconds
        self._fresh_until = self._monotonic() + kept
        return list(self._known)
