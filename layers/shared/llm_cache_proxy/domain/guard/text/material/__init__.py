"""What a prompt asks for, and the text that it hands over to be worked on."""

from llm_cache_proxy.domain.guard.text.material.instructions import asks, task_of, words_of
from llm_cache_proxy.domain.guard.text.material.layout import Pieces, material

__all__ = ["Pieces", "asks", "material", "task_of", "words_of"]
