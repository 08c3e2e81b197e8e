"""What operators do, one implementation for HTTP, direct invocation and the command line."""

from llm_cache_proxy.administration.actions import Administration
from llm_cache_proxy.administration.explain import Explanation
from llm_cache_proxy.administration.feedback import Feedback
from llm_cache_proxy.administration.transfer.import_entries import EntryImport

__all__ = ["Administration", "EntryImport", "Explanation", "Feedback"]
