"""What operators do, one implementation for HTTP, direct invocation and the command line."""

from llm_cache_proxy.pipeline.administration.actions import Administration
from llm_cache_proxy.pipeline.administration.explaining import Explaining
from llm_cache_proxy.pipeline.administration.feedback import Feedback
from llm_cache_proxy.pipeline.administration.importing import Importing

__all__ = ["Administration", "Explaining", "Feedback", "Importing"]
