"""What of a text is code, a formula or data, in the spelling that counts there.

Prose is left out, and so are marks that only end a sentence. Spaces count in the lines of a block
that are indented, and nowhere inside a formula.
"""

from llm_cache_proxy.domain.guard.text.signs.signature import signature

__all__ = ["signature"]
