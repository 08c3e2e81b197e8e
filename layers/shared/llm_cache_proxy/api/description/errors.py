"""The one shape of every error."""

from pydantic import BaseModel, ConfigDict


class ErrorObject(BaseModel):
    """What went wrong; `param` names the field, `code` is for programs."""

    model_config = ConfigDict(defer_build=True)

    message: str
    type: str | None
    param: str | None
    code: str | int | None


class ErrorBody(BaseModel):
    """OpenAI's error object."""

    model_config = ConfigDict(defer_build=True)

    error: ErrorObject
