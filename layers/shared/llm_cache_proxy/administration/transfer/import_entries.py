"""Import of entries: exported records with their own expiry, and answers from past logs.

Decides what becomes of each line. Taking one in twice is taking it in once, so that an import that
was broken off can be begun anew.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.transfer.import_answers import AnswerImport
from llm_cache_proxy.administration.transfer.records import Exported, parse_record
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.errors import InvalidRequest, RequestRefused, VectorStoreUnavailable
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.pipeline.composition import Pipeline
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.store import Commit, Lookup, Miss

_MOST_RECORDS = 500
_AT_ONCE = 8
_NO_KEY = "none"  # finds nothing; the lookup returns the clear sequence


class ImportResult(StrEnum):
    """What became of a line."""

    IMPORTED = "imported"
    HELD = "held"
    EXPIRED = "expired"
    WITHOUT_VECTOR = "without_vector"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class EntryImport:
    """Writes into the stores of `pipeline`."""

    pipeline: Pipeline
    clock: Clock

    async def import_lines(self, fields: Fields) -> JsonObject:
        """How many lines of `records` came to what, and `problems` by a line's place in it.

        `without_vector` are entries whose vector could not be written: they answer exactly, and
        the line should be imported again. Raises ExactStoreUnavailable where nothing can be kept.
        """
        lines = fields.list("records", _MOST_RECORDS)
        fields.end()
        free = asyncio.Semaphore(_AT_ONCE)

        async def one(line: object) -> tuple[ImportResult, str | None]:
            async with free:
                return await self._import_line(line)

        taken = await asyncio.gather(*(one(line) for line in lines))
        found = Counter(what for what, _ in taken)
        return {
            **{what.value: found[what] for what in ImportResult},
            "problems": [
                {"line": place, "message": why} for place, (_, why) in enumerate(taken) if why
            ],
        }

    async def _import_line(self, line: object) -> tuple[ImportResult, str | None]:
        try:
            if not isinstance(line, Mapping):
                raise InvalidRequest("a record must be an object")
            if "request" in line:
                stored = await AnswerImport(self.pipeline, self.clock).store(Fields(line))
                return ImportResult(stored), None
            return await self._entry(parse_record(line))
        except RequestRefused as exc:
            return ImportResult.REFUSED, exc.message

    async def _entry(self, exported: Exported) -> tuple[ImportResult, str | None]:
        tenant, entry = exported.tenant, exported.entry
        if entry.expires_at <= self.clock.now():
            return ImportResult.EXPIRED, None
        store = self.pipeline.ports.exact
        asking = Lookup(tenant, _NO_KEY, Form.JSON, "")
        found = await store.lookup(asking)
        kept = replace(entry, sequence=found.sequence if isinstance(found, Miss) else 0)
        if not await store.commit(Commit(tenant, kept)):
            return ImportResult.REFUSED, "a clear has taken entries of this age or kind"
        if exported.placed is None:
            return ImportResult.IMPORTED, None
        try:
            vectors = self.pipeline.ports.vectors
            await vectors.store(exported.placed.scope, exported.placed.vector, kept)
        except VectorStoreUnavailable as exc:
            return ImportResult.WITHOUT_VECTOR, str(exc)
        return ImportResult.IMPORTED, None
