"""Everything that speaks HTTP.

pydantic's models are built on first use, where they do not say otherwise. FastAPI brings forty that
describe an API; only a request for the description uses them, and every start would build them.
"""

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True  # before anything here imports FastAPI
