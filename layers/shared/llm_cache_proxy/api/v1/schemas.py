"""What the routes below `/v1` that are ours take and answer; completions are OpenAI's own."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """An answer of ours: it has the fields that are described, and no others."""

    model_config = ConfigDict(defer_build=True, extra="forbid")


PartState = Literal["ok", "degraded", "refuses_writes", "away", "off"]


class Health(Answer):
    """Whether each part works; `reasons` say what is amiss, and `/admin/health` says why."""

    status: Literal["ok", "degraded"]
    reasons: list[str] = []
    tiers: dict[str, PartState] = {}
    upstream: PartState = "ok"


class Model(BaseModel):
    """A model that can be asked for; an upstream may say more of it."""

    model_config = ConfigDict(defer_build=True, extra="allow")

    id: str


class ModelList(Answer):
    """The models of every upstream, and the embedding model of the proxy itself."""

    object: Literal["list"]
    data: list[Model]


class FeedbackRequest(BaseModel):
    """A client's judgement of an answer."""

    model_config = ConfigDict(defer_build=True, extra="forbid")

    entry: str = Field(min_length=1, description="`x-cache-entry` of the answer.")
    verdict: Literal["bad", "good"] = Field(
        description="`bad` deletes the entry and bars its pair of texts; `good` takes that back."
    )


class Evicted(Answer):
    """Records that were deleted, by kind."""

    exact: int
    semantic: int
    aliases: int


class FeedbackAnswer(Answer):
    """What the feedback has done."""

    entry: str
    verdict: Literal["bad", "good"]
    pair_barred: bool
    evicted: Evicted | None = None
    unswept: list[str] | None = None
    lifted: bool | None = None
