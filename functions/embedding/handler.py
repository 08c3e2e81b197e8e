"""Lambda's entry point of the embedding function; the image has the model beside this file.

The model is loaded while the sandbox starts, where Lambda gives the function more time, and more
of a processor, than an invocation would.
"""

import os
from pathlib import Path
from typing import Any

from llm_cache_proxy.adapters.embedder.minilm.embedder import MiniLMEmbedder, installed_embedder_id
from llm_cache_proxy.api.embedding.function import EmbeddingFunction

_FOLDER = Path(__file__).with_name("model")
_MEGABYTES_PER_CORE = 1769  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html

# Lambda's own variable, no setting of ours; more threads than cores slow the model down.
_MEGABYTES = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))

function = EmbeddingFunction(
    MiniLMEmbedder(
        _FOLDER,
        embedder_id=installed_embedder_id(_FOLDER),
        threads=max(1, _MEGABYTES // _MEGABYTES_PER_CORE),
    )
)
function.prime()


def handler(event: object, context: Any) -> dict[str, object]:  # noqa: ANN401 - Lambda's context
    """Answer one invocation."""
    return function(event, context)
