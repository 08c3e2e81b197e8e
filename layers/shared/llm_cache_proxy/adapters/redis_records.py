"""Entries as the words of a Redis hash, and a script's replies as what the port speaks of."""

import json
from typing import cast

from llm_cache_proxy.domain.entry import FORMAT_VERSION, Alias, Entry, Form, joined_sse
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store import AliasFound, Found, Hit, Lookup, Miss


def entry_words(entry: Entry) -> dict[str, str | int]:
    """The hash of an entry, named as in redis_scripts/common.lua."""
    return {
        "v": FORMAT_VERSION,
        "c": entry.created_at,
        "x": entry.expires_at,
        "q": entry.sequence,
        "g": json.dumps(entry.selectors),
        "m": entry.model,
        "pt": entry.prompt_tokens,
        "pc": entry.completion_tokens,
        "i": entry.entry_id,
        "h": entry.text_digest,
        "t": entry.text,
        "j": entry.forms.json,
        "s": entry.forms.sse,
        "u": entry.forms.usage_event,
    }


def found(reply: object, query: Lookup) -> Found:
    """What a lookup's reply says. Raises ExactStoreUnavailable where it says nothing sensible."""
    if isinstance(reply, list) and reply[:1] == ["alias"]:
        try:
            _, sequence, target, similarity, decision_version, embedder_id, digest = reply
            alias = Alias(
                key=query.key,
                target=str(target),
                similarity=float(similarity),
                decision_version=int(decision_version),
                embedder_id=str(embedder_id),
                text_digest=str(digest),
            )
        except (TypeError, ValueError):
            return Miss(int(reply[1]))
        return AliasFound(alias, int(sequence))
    return hit_or_miss(reply, query)


def hit_or_miss(reply: object, query: Lookup) -> Hit | Miss:
    """The same for a reply that cannot be an alias."""
    try:
        return _hit_or_miss(cast("list[str]", reply), query)
    except (TypeError, ValueError, IndexError, KeyError) as exc:
        raise ExactStoreUnavailable("the exact store's reply makes no sense") from exc


def _hit_or_miss(reply: list[str], query: Lookup) -> Hit | Miss:
    if reply[0] == "miss":
        return Miss(int(reply[1]))
    kind, sequence, body, entry_id, created, expires, now, model, prompt, completion, *rest = reply
    if kind != "hit":
        raise ValueError(kind)
    return Hit(
        body=body if query.form is Form.JSON else joined_sse(body, ""),
        entry_id=entry_id,
        created_at=int(created),
        expires_at=int(expires),
        now=int(now),
        model=model,
        prompt_tokens=int(prompt),
        completion_tokens=int(completion),
        text=rest[0] if rest else None,
        sequence=int(sequence),
    )
