"""Entries of another embedder given vectors of the one that serves, a page a call.

The exact tier says what there is, the other embedder's vectors say where each entry belongs. What
has its new vector already is passed over, so that a walk may be begun again at any time. Never
holds more than a few entries, and never calls an answer's upstream.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import Selection
from llm_cache_proxy.administration.entries import Entries, parse_cursor
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.errors import EmbedderUnavailable, InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.keys import ALL
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.embedding_calls import EmbeddingCalls
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin
from llm_cache_proxy.ports.vector_store import Placed, Scope, VectorStore

_PAGE = 100
_AT_ONCE = 16
"""Texts in one call to the embedder, and entries that are held at a time."""


class PlacedVectors(Protocol):
    """Vectors of one collection; failure is `VectorStoreUnavailable`."""

    async def placed(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Placed]:
        """Scope and vector of those of `keys` that are held and sound."""
        ...

    async def remove(self, tenant: str, keys: Sequence[str]) -> None:
        """Delete the tenant's entries under these exact keys."""
        ...


class TargetVectors(VectorStore, PlacedVectors, Protocol):
    """Where new vectors go."""


@dataclass(frozen=True, slots=True)
class Reembedding:
    """`source` gives the vectors of an embedder by its id; None is the configured collection."""

    exact: ExactAdmin
    target: TargetVectors
    source: Callable[[str | None], PlacedVectors]
    calls: EmbeddingCalls
    counter_writer: CounterWriter

    async def move(self, fields: Fields) -> JsonObject:
        """What became of a page's entries, and the `cursor` to go on from, None after the last.

        `moved` have a new vector now, `held` had one before, `without_vector` have none of the
        other embedder's; `left_out` names the rest. Raises CacheTierError where a part does not
        answer: the page may then be asked for again.
        """
        tenant, given = fields.text("tenant"), fields.text("from")
        remove, place = fields.flag("remove") or False, parse_cursor(fields.text("cursor"))
        fields.end()
        if given == self.calls.embedder.embedder_id:
            raise InvalidRequest(f"'{given}' is the embedder that serves.", param="from")
        page = _Page(self, self.source(given), given, remove=remove)
        found = await Entries(self.exact).next(Selection(tenant, ALL), place, _PAGE)
        keys = [one.key for one in found.entries]
        for start in range(0, len(keys), _AT_ONCE):
            await page.move_page(found.tenant, keys[start : start + _AT_ONCE])
        return {
            **{name: page.counts[name] for name in ("moved", "held", "without_vector")},
            "left_out": page.left_out,
            "embedder": self.calls.embedder.embedder_id,
            "cursor": None if found.following is None else str(found.following),
        }


class _Page:
    """One call's work, and what came of it."""

    def __init__(
        self, owner: Reembedding, source: PlacedVectors, given: str | None, *, remove: bool
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.left_out: list[JsonObject] = []
        self._owner = owner
        self._source = source
        self._from = given
        self._removes = remove and source is not owner.target

    async def move_page(self, tenant: str, keys: Sequence[str]) -> None:
        ours = self._owner.calls.embedder.embedder_id
        new = await self._owner.target.placed(tenant, keys)
        held = [key for key in keys if key in new and new[key].scope.embedder_id == ours]
        self.counts["held"] += len(held)
        old = await self._source.placed(tenant, [key for key in keys if key not in held])
        meant = {key: each for key, each in old.items() if self._is_meant(each.scope)}
        self.counts["without_vector"] += len(keys) - len(held) - len(meant)
        moved = await self._moved(tenant, meant)
        if self._removes and (moved or held):
            await self._source.remove(tenant, [*moved, *held])

    def _is_meant(self, scope: Scope) -> bool:
        if self._from is not None:
            return scope.embedder_id == self._from
        return scope.embedder_id != self._owner.calls.embedder.embedder_id

    async def _moved(self, tenant: str, places: Mapping[str, Placed]) -> list[str]:
        entries: list[Entry] = []
        for key in places:
            entry = await self._owner.exact.read(tenant, key)
            if entry is None:
                self.counts["without_vector"] += 1  # it has expired or was cleared meanwhile
            elif not entry.text:
                self._leave_out(tenant, entry, "no-prompt")
            else:
                entries.append(entry)
        moved = []
        for entry, vector in zip(entries, await self._vectors(tenant, entries), strict=True):
            if vector is None:
                self._leave_out(tenant, entry, "too-long")
                continue
            fingerprint = places[entry.key].scope.fingerprint
            scope = Scope(tenant, fingerprint, self._owner.calls.embedder.embedder_id)
            await self._owner.target.store(scope, vector, entry)
            moved.append(entry.key)
        self.counts["moved"] += len(moved)
        return moved

    async def _vectors(self, tenant: str, entries: Sequence[Entry]) -> list[Sequence[float] | None]:
        """Each prompt's vector; None where it does not stand for all of the prompt."""
        if not entries:
            return []
        state = RequestState()
        found = await self._owner.calls.embed(state, [entry.text for entry in entries])
        if found is None:
            raise EmbedderUnavailable("The embedder did not answer; begin again.")
        await self._owner.counter_writer.write(tenant, state.counts.pending)
        return [one.vector if one.whole else None for one in found]

    def _leave_out(self, tenant: str, entry: Entry, reason: str) -> None:
        self.left_out.append({"tenant": tenant, "entry": entry.entry_id, "reason": reason})
