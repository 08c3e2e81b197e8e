"""Imports FastAPI so that its own models are built on first use; to be imported before it is.

It brings some forty that describe an API, which every start would build and only its description
uses. Nothing else is changed: models that are defined afterwards, whosever they are, are built as
they say.
"""

from pydantic import BaseModel, ConfigDict

_before = BaseModel.model_config
BaseModel.model_config = ConfigDict(defer_build=True)
try:
    import fastapi  # noqa: F401 - for what it leaves behind
finally:
    BaseModel.model_config = _before
