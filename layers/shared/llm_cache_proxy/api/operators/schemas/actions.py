"""What each action of an operator takes.

Decides names and types, for requests over HTTP; what goes with what, and every limit that depends
on more than one field, is decided in `administration`, for direct invocations too.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
Seconds = Annotated[int, Field(ge=0, le=10**10)]


class Action(BaseModel):
    """An action refuses fields that it does not know: a misspelt one must not widen it.

    Built at once: FastAPI names parameters by an alias that pydantic warns of, and silences that
    only while it makes them.
    """

    model_config = ConfigDict(defer_build=False, extra="forbid")


class NoFields(Action):
    """An action without fields."""


class OfTenant(Action):
    """Of one tenant, or of all where none is named."""

    tenant: Text | None = None


class OfOneTenant(Action):
    """Of one tenant, or of the default one where none is named."""

    tenant: Text | None = None


class Selection(OfTenant):
    """Which entries: all, or those of one namespace, model, tag, id or age; one of these."""

    all: bool | None = None
    namespace: Text | None = None
    model: Text | None = None
    tag: Text | None = None
    entry: Text | None = Field(None, description="An `x-cache-entry`.")
    older_than_seconds: Seconds | None = None


class ListEntries(Selection):
    """A page of entries."""

    limit: int | None = Field(None, ge=1, le=500)
    cursor: Text | None = Field(None, description="As the page before gave it.")


class SearchEntries(OfTenant):
    """Which entries: what each field names, all of them together."""

    search: Text | None = Field(None, description="What the prompt holds, whatever its case.")
    namespace: Text | None = None
    model: Text | None = None
    tag: Text | None = None
    older_than_seconds: Seconds | None = None
    younger_than_seconds: Seconds | None = Field(None, ge=1)
    limit: int | None = Field(None, ge=1, le=200)
    skip: int | None = Field(None, ge=0, le=5_000)


class ListRequests(OfTenant):
    """Which requests: what each field names, all of them together; times are Unix seconds."""

    model: Text | None = None
    key: Text | None = Field(None, description="The id of a client's key.")
    result: Text | None = Field(None, description="As in `x-cache`.")
    search: Text | None = Field(None, description="In ids, reason, model and kept prompt.")
    last_seconds: Seconds | None = Field(None, ge=1)
    since: Seconds | None = None
    until: Seconds | None = None
    limit: int | None = Field(None, ge=1, le=200)
    cursor: Text | None = Field(None, description="As the page before gave it.")


class ShowEntry(OfTenant):
    """One entry, with its prompt and answer where `texts` asks for them."""

    entry: Text
    texts: bool | None = None


class ExportEntries(Selection):
    """The next page of records."""

    cursor: Text | None = None


class ImportEntries(Action):
    """Exported records, or requests with the answers that they got."""

    records: list[Any] = Field(min_length=1, max_length=500)


class ReembedEntries(OfTenant):
    """Which embedder's entries: by its id, or those of the configured collection."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    from_: Text | None = Field(None, alias="from")
    remove: bool | None = Field(None, description="Delete the old vectors of what has moved.")
    cursor: Text | None = None


class ClearCache(Selection):
    """What is to be cleared; `dry_run` counts it and clears nothing."""

    dry_run: bool | None = None


class ShowDashboard(OfTenant):
    """A range of time, of which `custom` has `since` and `until`; all requests, or some."""

    range: Literal["hour", "day", "week", "month", "custom"] = "hour"
    since: Seconds | None = None
    until: Seconds | None = None
    model: Text | None = Field(None, description="Of the requests that are kept.")
    key: Text | None = Field(None, description="The id of a client's key; of those kept, too.")


class Explain(OfOneTenant):
    """A request: `prompt` and `model`, or a whole chat completion under `request`."""

    prompt: Text | None = None
    model: Text | None = None
    system: Text | None = None
    request: dict[str, Any] | None = None
    headers: dict[str, Any] | None = None
    texts: bool | None = Field(None, description="Show the prompts of candidates.")


class JudgeAnswer(OfOneTenant):
    """`bad` deletes the entry and bars its pair of texts; `good` takes that back."""

    entry: Text = Field(description="`x-cache-entry` of the answer.")
    verdict: Text = Field(pattern="^(bad|good)$")


Dollars = (
    Annotated[float, Field(gt=0)] | Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$")]
)
"""A number, or its digits where a float would not hold them exactly."""


class CreateKey(Action):
    """A client's key: whose it is, what for, and what it may do."""

    tenant: Text = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    name: Text = Field(max_length=100)
    namespace: Text | None = None
    models: list[Text] | None = Field(None, max_length=100)
    requests_per_minute: int | None = Field(None, ge=1, le=10**12)
    tokens_per_day: int | None = Field(None, ge=1, le=10**12)
    dollars_per_month: Dollars | None = None
    expires_in_seconds: int | None = Field(None, ge=1, le=10 * 365 * 86_400)


class KeyChange(Action):
    """What of a key can be changed; what is not given stays."""

    name: Text | None = Field(None, max_length=100)
    namespace: Text | None = None
    models: list[Text] | None = Field(None, max_length=100)
    requests_per_minute: int | None = Field(None, ge=1, le=10**12)
    tokens_per_day: int | None = Field(None, ge=1, le=10**12)
    dollars_per_month: Dollars | None = None


class EditKey(KeyChange):
    """The key that is to change; what it has used stays."""

    id: Text = Field(description="As `/admin/keys` lists it, or the whole key.")
    all_models: bool | None = Field(None, description="Whether every model is allowed again.")
    unlimited: list[Text] | None = Field(
        None, max_length=3, description="Names of limits that are lifted."
    )


class KeyRecord(KeyChange):
    """A key's record as `/admin/keys/export` writes it; it holds no part of the signature."""

    id: Text
    created_at: int | None = Field(None, ge=0, le=10**11)
    expires_at: int | None = Field(None, ge=0, le=10**11)
    revoked_at: int | None = Field(None, ge=0, le=10**11)


class ImportKeys(Action):
    """Exported records; a key that is here already stays as it is, unless `replace`."""

    records: list[KeyRecord] = Field(min_length=1, max_length=1_000)
    replace: bool | None = None


class RevokeKey(Action):
    """The key that is to be invalid from the next request on."""

    id: Text = Field(description="As `/admin/keys` lists it, or the whole key.")


class RotateKey(RevokeKey):
    """The key that another is to replace, at once or after `grace_seconds`."""

    grace_seconds: int | None = Field(None, ge=0, le=10 * 365 * 86_400)
