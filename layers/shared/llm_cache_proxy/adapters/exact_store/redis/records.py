"""Entries as the words of a Redis hash, and a script's replies in the port's types.

A reply that makes no sense raises ExactStoreUnavailable.
"""

import json
from types import TracebackType
from typing import cast

from llm_cache_proxy.domain.entries.entry import (
    FORMAT_VERSION,
    Alias,
    Entry,
    Form,
    Forms,
    joined_sse,
)
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.admin import BEGINNING_CHARACTERS, Listed, Texts
from llm_cache_proxy.ports.exact_store.leases import Lease
from llm_cache_proxy.ports.exact_store.store import (
    AliasFound,
    Barred,
    BelowRaised,
    Found,
    Hit,
    Lookup,
    Miss,
    Promoted,
)

_BARE_MISS = 2
_SENSELESS = "the exact store's reply makes no sense"


def entry_words(entry: Entry) -> dict[str, str | int]:
    """The hash of an entry, named as in lua/common.lua."""
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
    with malformed_is_unavailable():
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


def listed(row: list[object], key: str, texts: Texts) -> Listed:
    """A line of a page. Raises ValueError or TypeError where it makes no sense."""
    _, entry_id, created, expires, selectors, model, prompt, completion, text = map(str, row)
    return Listed(
        key=key,
        entry_id=entry_id,
        created_at=int(created),
        expires_at=int(expires),
        selectors=tuple(json.loads(selectors)),
        model=model,
        prompt_tokens=int(prompt),
        completion_tokens=int(completion),
        beginning=text[:BEGINNING_CHARACTERS] if texts.beginnings else None,
    )


def found(reply: object, query: Lookup) -> Found:
    """The answer in a lookup's reply."""
    with malformed_is_unavailable():
        if isinstance(reply, list) and reply[:1] == ["alias"]:
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
            return AliasFound(alias, int(sequence), float(raised), barred=barred == "1")
        return _hit_or_not(cast("list[str]", reply), query)


def promoted(reply: object, query: Lookup) -> Promoted:
    """The answer in a promotion's reply."""
    with malformed_is_unavailable():
        if isinstance(reply, list) and reply[:1] == ["below"]:
            return BelowRaised(int(reply[1]), float(reply[2]))
        return _hit_or_not(cast("list[str]", reply), query)


def lease_in(words: list[object], flight: str) -> Lease:
    """A lease in a reply: `lead` or `follow`, token, age in milliseconds."""
    kind, token, age = map(str, words)
    if kind not in {"lead", "follow"}:
        raise ValueError(kind)
    return Lease(flight, int(token), kind == "lead", int(age) / 1000)


def numbers(reply: object, count: int) -> list[int]:
    """A reply of `count` whole numbers."""
    replies = reply if isinstance(reply, list) else [reply]
    with malformed_is_unavailable():
        if len(replies) != count:
            raise ValueError(reply)
        return [int(str(each)) for each in replies]


def texts(reply: object) -> list[str]:
    """A reply of any number of texts."""
    if not isinstance(reply, list) or not all(isinstance(each, str) for each in reply):
        raise ExactStoreUnavailable(_SENSELESS)
    return reply


class malformed_is_unavailable:  # noqa: N801 - reads as what it does in a `with`
    """Report an unreadable reply as the store's failure."""

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None
    ) -> None:
        """Raise ExactStoreUnavailable in place of what reading rubbish raises."""
        if isinstance(exc, TypeError | ValueError | LookupError | AttributeError):
            raise ExactStoreUnavailable(_SENSELESS) from exc


def _hit_or_not(reply: list[str], query: Lookup) -> Hit | Barred | Miss:
    if reply[0] in {"miss", "unproved"}:
        words = cast("list[object]", reply[_BARE_MISS:])
        lease = lease_in(words, query.flight) if words and query.flight is not None else None
        return Miss(int(reply[1]), lease=lease, unproved=reply[0] == "unproved")
    if reply[0] == "barred":
        return Barred(int(reply[1]))
    kind, sequence, body, entry_id, created, expires, now, model, prompt, completion, *rest = reply
    if kind != "hit":
        raise ValueError(kind)
    text, leased = rest[0] if rest else None, rest[1:]
    return Hit(
        body=body if query.form is Form.JSON else joined_sse(body, ""),
        entry_id=entry_id,
        created_at=int(created),
        expires_at=int(expires),
        now=int(now),
        model=model,
        prompt_tokens=int(prompt),
        completion_tokens=int(completion),
        text=text,
        sequence=int(sequence),
        lease=lease_in(cast("list[object]", leased), query.flight)
        if leased and query.flight is not None
        else None,
    )
