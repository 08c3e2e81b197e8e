"""Operators' actions without the key, without a word for what is meant, or with what cannot be."""

import json
from collections.abc import Mapping

from attacks.case import Attack, Group, Request, Story
from attacks.target import Target

_ADMIN = {"x-admin-key": "{admin}"}
_MISSING = "401 missing_admin_key"
_WRONG = "401 invalid_admin_key"
_NOTHING = "400 nothing_selected"
_BAD = "400 invalid_request_error"
_READS = ("/admin/config", "/admin/entries", "/admin/keys", "/admin/stats", "/admin/health")
_CLEARS: tuple[tuple[str, Mapping[str, object] | bytes, str], ...] = (
    ("nothing", {}, _NOTHING),
    ("an empty body", b"", _NOTHING),
    ("a tag that is null", {"tag": None}, _NOTHING),
    ("every selector null", {"tag": None, "model": None, "entry": None}, _NOTHING),
    ("a dry run of nothing", {"dry_run": True}, _NOTHING),
    ("all that is false", {"all": False}, _BAD),
    ("all that is a text", {"all": "yes"}, _BAD),
    ("all that is 1", {"all": 1}, _BAD),
    ("an empty tag", {"tag": ""}, _BAD),
    ("a tag that is a list", {"tag": ["a"]}, _BAD),
    ("two selectors", {"tag": "a", "model": "m"}, _BAD),
    ("all and a selector", {"all": True, "tag": "a"}, _BAD),
    ("an age below zero", {"older_than_seconds": -1}, _BAD),
    ("an age beyond 64 bits", {"older_than_seconds": 2**64}, _BAD),
    ("a selector that is none", {"tga": "a"}, "400 unknown_field"),
    ("another action", {"action": "purge"}, _BAD),
)
_OTHERS: tuple[tuple[str, str, Mapping[str, object] | bytes, str], ...] = (
    ("a key for a tenant with a dot", "/admin/keys/create", {"tenant": "a.b", "name": "x"}, _BAD),
    ("a key for a tenant with a slash", "/admin/keys/create", {"tenant": "a/b", "name": "x"}, _BAD),
    ("a key for nobody", "/admin/keys/create", {"tenant": "", "name": "x"}, _BAD),
    (
        "a key for a name that breaks lines",
        "/admin/keys/create",
        {"tenant": "a", "name": "x\n"},
        _BAD,
    ),
    (
        "a limit of no requests",
        "/admin/keys/create",
        {"tenant": "a", "name": "x", "requests_per_minute": 0},
        _BAD,
    ),
    (
        "a limit of NaN dollars",
        "/admin/keys/create",
        {"tenant": "a", "name": "x", "dollars_per_month": "NaN"},
        _BAD,
    ),
    (
        "a limit of 1e400 dollars",
        "/admin/keys/create",
        {"tenant": "a", "name": "x", "dollars_per_month": "1e400"},
        _BAD,
    ),
    (
        "a namespace that climbs",
        "/admin/keys/create",
        {"tenant": "a", "name": "x", "namespace": "../b"},
        _BAD,
    ),
    (
        "the end of a key that is not",
        "/admin/keys/revoke",
        {"id": "acme.ffffffffffffffff"},
        "404 not_found",
    ),
    ("the end of no key", "/admin/keys/revoke", {"id": "acme"}, _BAD),
    ("an explanation of nothing", "/admin/explain", {}, _BAD),
    ("feedback on nothing", "/admin/feedback", {}, _BAD),
    ("feedback of no verdict", "/admin/feedback", {"entry": "e", "verdict": "perhaps"}, _BAD),
    ("an export from a place that is none", "/admin/entries/export", {"cursor": "{"}, _BAD),
    (
        "an export of a field that is none",
        "/admin/entries/export",
        {"limit": 1},
        "400 unknown_field",
    ),
    ("a body that is no JSON", "/admin/cache/clear", b"{", "400 invalid_json"),
    ("a body of 6 MB", "/admin/entries/import", b" " * 6_000_000, "413 request_too_large"),
)
_REEMBEDS: tuple[tuple[str, Mapping[str, object] | bytes, str], ...] = (
    ("a tenant that is none", {"tenant": "a/b"}, "200"),
    ("a tenant that is a list", {"tenant": ["a"]}, _BAD),
    ("an embedder that is a number", {"from": 1}, _BAD),
    ("the embedder that serves", {"from": "minilm-l6-v2/onnx-fp32"}, _BAD),
    ("a place that is none", {"cursor": "{"}, _BAD),
    ("a removal that is a text", {"remove": "yes"}, _BAD),
    ("a field that is none", {"limit": 1}, "400 unknown_field"),
    ("a body that is no JSON", b"{", "400 invalid_json"),
    ("a body that is a list", b"[]", "400 invalid_json"),
    ("a name that climbs", {"from": "../../etc/passwd"}, "200"),
    ("a name of 100 KB", {"from": "a" * 100_000}, "200"),
    ("half a surrogate pair", b'{"from": "\\ud800"}', _BAD),
)


def _poisoned(name: str, change: Mapping[str, object]) -> Attack:
    """An exported record with `change` in its entry: refused by its line, and nothing stored."""

    def steps(target: Target) -> str:
        record = _exported(target)
        entry = record["entry"]
        assert isinstance(entry, dict)
        places = {**record, **{k: v for k, v in change.items() if k in record}}
        entry = {**entry, **{k: v for k, v in change.items() if k not in record}}
        return _imported(target, {**places, "entry": entry})

    shown = json.dumps(change, default=str)[:70]
    return Attack(name, "refused", Story(f"an exported record with `{shown}`", steps))


def _imported(target: Target, record: object) -> str:
    reply = Request("/admin/entries/import", {"records": [record]}).reply(target)
    if reply.status != 200:
        return str(reply)
    return "refused" if reply.fields["refused"] == 1 else f"taken: {reply.body[:100]!r}"


def _line(name: str, line: object) -> Attack:
    def steps(target: Target) -> str:
        return _imported(target, line)

    return Attack(name, "refused", Story(f"a line that is `{json.dumps(line)[:70]}`", steps))


def _exported(target: Target) -> dict[str, object]:
    fields = {"model": "m", "messages": [{"role": "user", "content": "To be exported"}]}
    Request(body=fields, headers={"x-cache-tags": "exported"}).reply(target)
    reply = Request("/admin/entries/export", {"tag": "exported"}).reply(target)
    records = reply.fields["records"]
    assert isinstance(records, list)
    record = records[0]
    assert isinstance(record, dict)
    return record


_ANSWER = {"request": {"model": "m", "messages": [{"role": "user", "content": "x"}]}}

GROUP = Group(
    "Administration and import",
    [
        *(
            Attack(f"{path} without a key", _MISSING, Request(path, method="GET", keyed=True))
            for path in (*_READS, "/metrics", "/dashboard/data")
        ),
        *(
            Attack(
                f"{path} with a wrong key",
                _WRONG,
                Request(path, headers={"x-admin-key": "guess"}, method="GET", keyed=True),
            )
            for path in _READS[:2]
        ),
        Attack(
            "a tenant's key as the admin key",
            _WRONG,
            Request(
                "/admin/config",
                headers={"authorization": "Bearer {acme}"},
                method="GET",
                keyed=True,
            ),
        ),
        Attack(
            "an admin key of letters that are not ASCII",
            _WRONG,
            Request("/admin/config", headers={"x-admin-key": "\u00e9"}, method="GET", keyed=True),
        ),
        Attack(
            "an admin key in the query",
            _MISSING,
            Request("/admin/config?x-admin-key=the-admin-key", method="GET", keyed=True),
        ),
        *(
            Attack(f"clear with {what}", expected, Request("/admin/cache/clear", fields))
            for what, fields, expected in _CLEARS
        ),
        *(
            Attack(what, expected, Request(path, fields, _ADMIN, keyed=True))
            for what, path, fields, expected in _OTHERS
        ),
        *(
            Attack(
                f"embedding anew without the key, {what}",
                expected,
                Request("/admin/entries/reembed", {}, headers, keyed=True),
            )
            for what, headers, expected in (
                ("with none", {}, _MISSING),
                ("with a guess", {"x-admin-key": "guess"}, _WRONG),
                ("with a tenant's", {"authorization": "Bearer {acme}"}, _WRONG),
            )
        ),
        *(
            Attack(f"embedding anew with {what}", expected, Request("/admin/entries/reembed", body))
            for what, body, expected in _REEMBEDS
        ),
        Attack(
            "embedding anew while the stores are away",
            "503 exact_unavailable",
            Request("/admin/entries/reembed", {}, _ADMIN, away=True),
        ),
        _line("an import of null", None),
        _line("an import of a text", "entry"),
        _line("an import of an empty object", {}),
        _line("an import of another version", {"format_version": 99}),
        _line("an import of a request without an answer", _ANSWER),
        _line("an import of an answer that is no answer", _ANSWER | {"response": {"id": 1}}),
        _poisoned("an import under another tenant", {"tenant": "acme"}),
        _poisoned("an import under another key", {"key": "0" * 64}),
        _poisoned("an import of an id that is another's", {"entry_id": "0" * 32}),
        _poisoned(
            "an import of a form that is no JSON",
            {"forms": {"json": "{", "sse": "", "usage_event": ""}},
        ),
        _poisoned(
            "an import of events that are none",
            {"forms": {"json": "{}", "sse": "data: {", "usage_event": ""}},
        ),
        _poisoned("an import without forms", {"forms": None}),
        _poisoned("an import of tokens beyond 64 bits", {"prompt_tokens": 2**70}),
        _poisoned("an import of tokens below zero", {"completion_tokens": -1}),
        _poisoned("an import of tokens that are true", {"prompt_tokens": True}),
        _poisoned("an import of half a surrogate pair", {"text": "\ud800"}),
        _poisoned("an import that lives for ever", {"expires_at": 2**60, "purge_at": 2**60}),
        _poisoned("an import that ends before it begins", {"expires_at": 1}),
        _poisoned("an import that no clear would find", {"selectors": ["model:m"]}),
        _poisoned(
            "an import of a vector of two numbers",
            {"vector": {"values": "AAAAAAAA", "fingerprint": "f", "embedder": "e"}},
        ),
        _poisoned(
            "an import of a vector that is no base64",
            {"vector": {"values": "%%", "fingerprint": "f", "embedder": "e"}},
        ),
    ],
)
