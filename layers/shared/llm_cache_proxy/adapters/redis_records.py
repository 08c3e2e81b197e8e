"""Entries as the words of a Redis hash, and a script's replies as what the port speaks of."""

import json
from typing import cast

from llm_cache_proxy.domain.entry import FORMAT_VERSION, Alias, Entry, Form, Forms, joined_sse
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_admin import Listed
from llm_cache_proxy.ports.exact_store import (
    AliasFound,
    Barred,
    BelowRaised,
    Found,
    Hit,
    Lookup,
    Miss,
    Promoted,
)

_SENSELESS = "the exact store's reply makes no sense"
_NOTHING: dict[str, type[Miss | Barred]] = {"miss": Miss, "barred": Barred}


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


def entry_in(reply: object, key: str) -> Entry | None:
    """The entry in the flat words of a hash, None where it is not whole."""
    words = cast("list[str]", reply)
    fields = dict(zip(words[::2], words[1::2], strict=True))
    try:
        return Entry(
            key=key,
            entry_id=fields["i"],
            created_at=int(fields["c"]),
            expires_at=int(fields["x"]),
            purge_at=int(fields["purge"]),
            sequence=int(fields["q"]),
            selectors=tuple(json.loads(fields["g"])),
            model=fields["m"],
            prompt_tokens=int(fields["pt"]),
            completion_tokens=int(fields["pc"]),
            text=fields["t"],
            text_digest=fields["h"],
            forms=Forms(json=fields["j"], sse=fields["s"], usage_event=fields["u"]),
        )
    except (KeyError, ValueError, TypeError):
        return None


def listed(row: list[object], key: str) -> Listed:
    """A line of a page. Raises ValueError or TypeError where it makes no sense."""
    _, entry_id, created, expires, selectors, model, prompt, completion = map(str, row)
    return Listed(
        key=key,
        entry_id=entry_id,
        created_at=int(created),
        expires_at=int(expires),
        selectors=tuple(json.loads(selectors)),
        model=model,
        prompt_tokens=int(prompt),
        completion_tokens=int(completion),
    )


def found(reply: object, query: Lookup) -> Found:
    """What a lookup's reply says. Raises ExactStoreUnavailable where it says nothing sensible."""
    if isinstance(reply, list) and reply[:1] == ["alias"]:
        try:
            _, sequence, target, similarity, decision_version, embedder_id, digest, *rest = reply
            pair, raised, barred = rest
            alias = Alias(
                key=query.key,
                target=str(target),
                similarity=float(similarity),
                decision_version=int(decision_version),
                embedder_id=str(embedder_id),
                text_digest=str(digest),
                pair=str(pair),
            )
        except (TypeError, ValueError):
            return Miss(int(reply[1]))
        return AliasFound(alias, int(sequence), float(raised), barred=barred == "1")
    return _read(reply, query)


def promoted(reply: object, query: Lookup) -> Promoted:
    """What a promotion's reply says. Raises ExactStoreUnavailable likewise."""
    if isinstance(reply, list) and reply[:1] == ["below"]:
        try:
            return BelowRaised(int(reply[1]), float(reply[2]))
        except (TypeError, ValueError, IndexError) as exc:
            raise ExactStoreUnavailable(_SENSELESS) from exc
    return _read(reply, query)


def _read(reply: object, query: Lookup) -> Hit | Barred | Miss:
    try:
        return _hit_or_not(cast("list[str]", reply), query)
    except (TypeError, ValueError, IndexError, KeyError) as exc:
        raise ExactStoreUnavailable(_SENSELESS) from exc


def _hit_or_not(reply: list[str], query: Lookup) -> Hit | Barred | Miss:
    if reply[0] in _NOTHING:
        return _NOTHING[reply[0]](int(reply[1]))
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
