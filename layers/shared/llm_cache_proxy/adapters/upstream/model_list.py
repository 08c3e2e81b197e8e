"""The models of several upstreams in one list, kept for a few minutes.

An upstream that gives no list contributes the names configured for it.
"""

import asyncio
import json
import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from llm_cache_proxy.domain.errors import UpstreamError


class ModelSource(Protocol):
    """An upstream as far as its models go."""

    async def listed_models(self) -> list[dict[str, object]] | UpstreamError:
        """The upstream's own list, or why it cannot be had."""
        ...

    def configured_models(self) -> list[dict[str, object]]:
        """What is known without asking."""
        ...


_KEY_REFUSED = frozenset({401, 403})


def models_in(body: bytes) -> list[dict[str, object]] | None:
    """The models of a list, bare or under `data`, or their names; what has no id is left out.

    None: no list.
    """
    try:
        answer = json.loads(body, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    listed = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(listed, list):
        return None
    models: list[object] = [
        {"id": each, "object": "model"} if isinstance(each, str) else each for each in listed
    ]
    return [
        model for model in models if isinstance(model, dict) and isinstance(model.get("id"), str)
    ]


def _finite(spelling: str) -> float | None:
    """The number, unless it is one that JSON cannot spell again."""
    value = float(spelling)
    return value if math.isfinite(value) else None


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
        """The list, fetched again once it is old.

        Raises UpstreamError where no upstream gave one: if an upstream refused our key, or if no
        name is known without asking.
        """
        if self._monotonic() < self._fresh_until:
            return list(self._known)
        answers = await asyncio.gather(*(source.listed_models() for source in self._sources))
        failures = [answer for answer in answers if isinstance(answer, UpstreamError)]
        by_id: dict[object, dict[str, object]] = {}
        for source, answer in zip(self._sources, answers, strict=True):
            known = source.configured_models() if isinstance(answer, UpstreamError) else answer
            for model in known:
                by_id.setdefault(model["id"], model)
        if failures and len(failures) == len(answers):
            refused = [failure for failure in failures if failure.status in _KEY_REFUSED]
            if refused or not by_id:
                raise (refused or failures)[0]
        self._known = list(by_id.values())
        kept = self._gap_seconds if failures else self._kept_seconds
        self._fresh_until = self._monotonic() + kept
        return list(self._known)
