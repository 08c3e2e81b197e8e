"""What only a Lambda function needs at its start: logs, settings from SSM, priming.

pydantic's models are built on first use in every process that imports this, where they do not say
otherwise: FastAPI brings forty that describe an API, which every cold start would build and only
its description uses.
"""

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True  # before anything here imports FastAPI
