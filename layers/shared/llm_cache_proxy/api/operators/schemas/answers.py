"""What the actions of an operator answer; times are Unix seconds."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from llm_cache_proxy.api.operators.schemas.learning import LearnedPart, SeenCell
from llm_cache_proxy.api.v1.schemas import Answer, Evicted


class EntryCounts(Answer):
    """Entries by tier; null for a tier that does not answer."""

    exact: int | None
    semantic: int | None


class PartHealth(Answer):
    """What became of using one part as a request does; `message` says what is amiss."""

    status: Literal["ok", "degraded", "refuses_writes", "unavailable", "off"]
    milliseconds: float | None = None
    message: str | None = None


class Parts(Answer):
    """The stores of both tiers, and the parts behind them that there are."""

    exact: PartHealth
    semantic: PartHealth
    embedder: PartHealth | None = None
    upstream: PartHealth | None = None


class StoreHealthAnswer(Answer):
    """Whether every part that there is works."""

    status: Literal["ok", "degraded"]
    reasons: list[str]
    parts: Parts


class Config(Answer):
    """The effective settings, secrets masked."""

    settings: dict[str, Any]


class EntrySummary(Answer):
    """An entry without its texts."""

    entry: str
    tenant: str
    namespace: str | None
    model: str
    tags: list[str]
    created_at: int
    expires_at: int
    prompt_tokens: int
    completion_tokens: int


class EntryPage(Answer):
    """Some entries, and the cursor of the next page while there is one."""

    entries: list[EntrySummary]
    cursor: str | None


class FoundEntry(EntrySummary):
    """An entry that was searched for, and how its prompt begins."""

    beginning: str | None


class FoundEntries(Answer):
    """A page of what was found, newest first; not `whole` where the search ended before the end."""

    entries: list[FoundEntry]
    matched: int
    whole: bool


class EntryDetail(EntrySummary):
    """One entry; its texts where they were asked for."""

    key: str
    bytes: int
    prompt: str | None = None
    answer: str | None = None


class Counted(Answer):
    """Entries over all tenants and by tenant."""

    entries: EntryCounts
    tenants: dict[str, EntryCounts]


class Exported(Answer):
    """Records that another proxy can import, and the cursor of the next page."""

    records: list[dict[str, Any]]
    cursor: str | None


class Problem(Answer):
    """Why a line was refused."""

    line: int
    message: str


class Imported(Answer):
    """How many lines came to what."""

    imported: int
    held: int
    expired: int
    without_vector: int
    refused: int
    problems: list[Problem]


class LeftOut(Answer):
    """An entry that has no new vector: it has no prompt, or one that is too long."""

    tenant: str
    entry: str
    reason: Literal["no-prompt", "too-long"]


class Reembedded(Answer):
    """What became of a page's entries; `cursor` is null after the last."""

    moved: int
    held: int
    without_vector: int
    left_out: list[LeftOut]
    embedder: str
    cursor: str | None


class Cleared(Answer):
    """What was cleared; `unswept` says where dead records were left lying."""

    cleared: Evicted
    selector: str
    tenants: list[str]
    dry_run: Literal[False]
    unswept: list[str]


class WouldClear(Answer):
    """What would be cleared."""

    would_clear: EntryCounts
    selector: str
    tenants: list[str]
    dry_run: Literal[True]


class Purged(Answer):
    """How many expired entries were deleted."""

    purged: dict[Literal["semantic"], int]


class Candidate(Answer):
    """A near entry, and how the guard judged it."""

    entry: str
    similarity: float
    above_threshold: bool
    verdict: Literal["accepted", "veto"]
    rule: str | None
    detail: str | None
    expires_at: int
    cell: SeenCell | None = None
    text: str | None = None


class Explained(BaseModel):
    """What would become of a request, and why."""

    model_config = ConfigDict(defer_build=True, extra="forbid")

    result: str
    reason: str
    similarity: float | None
    entry: str | None
    age_seconds: int | None
    ttl_seconds: int | None
    learning: LearnedPart | None = None
    key: dict[str, str]
    plan: dict[str, Any]
    candidates: list[Candidate]
    timings_ms: dict[str, float]


class ThresholdRestored(Answer):
    """The threshold that samples had raised, and whether it was taken back."""

    tenant: str
    before: float | None
    restored: bool


class KeyLimits(Answer):
    """What a key may use; null is no limit."""

    requests_per_minute: int | None
    tokens_per_day: int | None
    dollars_per_month: float | None


class KeyUse(Answer):
    """What a key has used."""

    requests_this_minute: int
    tokens_today: int
    dollars_this_month: float


class KeyView(Answer):
    """A client's key without its secret part."""

    id: str
    tenant: str
    name: str
    status: Literal["active", "expired", "revoked"]
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    namespace: str
    models: list[str]
    limits: KeyLimits
    used: KeyUse


class KeyList(Answer):
    """Every key, oldest first."""

    keys: list[KeyView]


class KeyRecordView(Answer):
    """A key's record, as `/admin/keys/import` takes it; a limit that is missing is none."""

    id: str
    name: str
    namespace: str
    models: list[str]
    requests_per_minute: int | None = None
    tokens_per_day: int | None = None
    dollars_per_month: float | None = None
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None


class ExportedKeys(Answer):
    """Every key's record, by tenant and id."""

    records: list[KeyRecordView]


class ImportedKeys(Answer):
    """How many records came to what."""

    imported: int
    replaced: int
    held: int


class CreatedKey(KeyView):
    """A new key, which is shown here and never again."""

    key: str


class RotatedKey(CreatedKey):
    """A new key, and when the one that it replaces ends."""

    replaces: str
    replaced_ends_at: int | None
