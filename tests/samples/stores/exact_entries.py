"""Entries and questions for tests of the exact tier."""

import time
from dataclasses import replace

from llm_cache_proxy.domain.entries.entry import Alias, Entry, Form, Forms
from llm_cache_proxy.domain.requests.keys import selectors
from llm_cache_proxy.ports.exact_store.store import Lookup

TENANT = "acme"
FORMS = Forms(json='{"said": "ä☕"}', sse='data: {"ä": 1}\n\n', usage_event='data: {"u": 1}\n\n')


def entry(key: str = "key", **changes: object) -> Entry:
    """An entry that was made ten seconds ago and lives for an hour."""
    now = int(time.time())
    made = Entry(
        key=key,
        entry_id=f"id-{key}",
        created_at=now - 10,
        expires_at=now + 3600,
        purge_at=now + 3600,
        sequence=0,
        selectors=selectors(namespace="default", model="m", entry_id=f"id-{key}", tags=("red",)),
        model="m",
        prompt_tokens=12,
        completion_tokens=34,
        text=f"What is {key}?",
        text_digest=f"digest of {key}",
        forms=FORMS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names the fields it means


def alias(key: str = "other", target: str = "key") -> Alias:
    """A promotion of `target`."""
    return Alias(
        key=key,
        target=target,
        similarity=0.9375000000000001,
        decision_version=7,
        embedder_id="minilm",
        text_digest=f"digest of {key}",
    )


def asking(key: str = "key", **changes: object) -> Lookup:
    """The question that `entry(key)` answers word for word."""
    query = Lookup(tenant=TENANT, key=key, form=Form.JSON, text_digest=f"digest of {key}")
    return replace(query, **changes)  # type: ignore[arg-type]  # a test names the fields it means
