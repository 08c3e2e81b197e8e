"""Names for a pair of compared prompts, and for an answer that a client has seen.

A pair has no order. Names are digests: they reveal nothing of the prompts.
"""

import hashlib
import re

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import canonical_text
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.keys import normalised, text_digest

_HANDLE = re.compile(r"([0-9a-f]{24})(?:-([0-9a-f]{32}|[0-9a-f]{64}))?")


def barred_pair(a: str, b: str) -> str:
    """The pair as feedback bars it: other case and spacing of prose are the same pair.

    It holds in whatever surroundings: a pair that was wrong once is not tried again under another
    system prompt or temperature. 32 hex digits.
    """
    return _digest("barred", sorted((text_digest(normalised(a)), text_digest(normalised(b)))))


def spelling_pair(digest_a: str, digest_b: str) -> str:
    """The pair of two texts that normalising makes one, from their `text_digest`s: 64 hex digits.

    Made so that a store's script can put it together from what it holds.
    """
    return "".join(sorted((digest_a, digest_b)))


def judged_pair(fingerprint: str, a: str, b: str) -> str:
    """The pair as a verifier judged it: these texts as written, in these surroundings."""
    return _digest("judged", [fingerprint, *sorted((text_digest(a), text_digest(b)))])


def _digest(purpose: str, parts: list[str]) -> str:
    return hashlib.sha256(canonical_text([purpose, parts]).encode("ascii")).hexdigest()[:32]


@record()
class EntryHandle:
    """`x-cache-entry`: which entry answered and, where its prompt was another one, for which pair.

    `pair` is a `barred_pair` or a `spelling_pair`, so that feedback on the answer can bar it.
    """

    entry_id: str
    pair: str | None = None

    def __str__(self) -> str:
        """The header's value."""
        return self.entry_id if self.pair is None else f"{self.entry_id}-{self.pair}"


def entry_id_in(text: str) -> str:
    """The entry's id alone where `text` is a handle; else `text`."""
    found = _HANDLE.fullmatch(text)
    return found.group(1) if found is not None else text


def parse_handle(text: str, *, param: str = "entry") -> EntryHandle:
    """The handle in `text`. Raises InvalidRequest where it can be no `x-cache-entry`."""
    found = _HANDLE.fullmatch(text.strip())
    if found is None:
        raise InvalidRequest(
            f"'{param}' must be an answer's x-cache-entry, such as {'0' * 24}.", param=param
        )
    return EntryHandle(found.group(1), found.group(2))
