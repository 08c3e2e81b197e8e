"""Entries, scopes and vectors for tests of the semantic tier's store."""

import hashlib
import math
import random
from dataclasses import replace

from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.requests.keys import selectors
from llm_cache_proxy.ports.vector_store import Scope

NOW = 1_800_000_000
SCOPE = Scope(tenant="acme", fingerprint="f" * 64, embedder_id="minilm-int8")


def key(name: str) -> str:
    """An exact key, as long and as unlike others as a real one."""
    return hashlib.sha256(name.encode()).hexdigest()


def entry(name: str, **changes: object) -> Entry:
    """A whole entry that lives for an hour after `NOW`."""
    made = Entry(
        key=key(name),
        entry_id=f"ent_{name}",
        created_at=NOW - 10,
        expires_at=NOW + 3600,
        purge_at=NOW + 7200,
        sequence=5,
        selectors=selectors(namespace="default", model="llama", entry_id=f"ent_{name}"),
        model="llama",
        prompt_tokens=12,
        completion_tokens=34,
        text=f"What is {name}?",
        text_digest=key(f"text of {name}"),
        forms=Forms(json='{"a":1}', sse='data: {"a":1}\n\n', usage_event='data: {"u":1}\n\n'),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names the fields it means


def at_cosine(similarity: float, axis: int = 1) -> list[float]:
    """A unit vector with this cosine to the first axis, leaning towards another one."""
    vector = [0.0] * 384
    vector[0] = similarity
    vector[axis] = math.sqrt(1 - similarity**2)
    return vector


def random_vector(chance: random.Random) -> list[float]:
    """A unit vector of any direction."""
    vector = [chance.gauss(0, 1) for _ in range(384)]
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]
