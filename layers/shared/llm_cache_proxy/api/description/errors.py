"""The one shape of every error."""

from pydantic import BaseModel


class ErrorObject(BaseModel):
    """What went wrong; `param` names the field, `code` is for programs."""

    message: str
    type: str | None
    param: str | None
    code: str | int | None


class ErrorBody(BaseModel):
    """OpenAI's error object."""

    error: ErrorObject
