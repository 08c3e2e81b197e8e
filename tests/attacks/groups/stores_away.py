"""What a server does whose stores and embedder do not answer: it asks the upstream, and says so."""

from attacks.case import Attack, Group, Request, asking

_ACME = {"authorization": "Bearer {acme}"}
_ADMIN = {"x-admin-key": "{admin}"}
_RECORD = {"request": asking("Hi"), "response": {"choices": []}}


def _sent(body: dict[str, object] | None = None, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(body=body or asking("Are you there?"), headers=_ACME | named, away=True)


def _read(path: str, headers: dict[str, str] | None = None) -> Request:
    return Request(path, method="GET", headers=headers or {}, away=True)


def _acted(path: str, **fields: object) -> Request:
    return Request(path, body=fields, headers=_ADMIN, away=True)


GROUP = Group(
    "Stores that are away",
    [
        Attack("a prompt without stores", "200 MISS", _sent()),
        Attack("the same prompt again", "200 MISS", _sent()),
        Attack("a stream without stores", "200 MISS", _sent(asking("Hi", stream=True))),
        Attack(
            "a stored answer alone, without stores",
            "504 not_in_cache",
            _sent(cache_control="only-if-cached"),
        ),
        Attack(
            "a key that is made up, without stores",
            "401 invalid_api_key",
            _sent(authorization="Bearer lcp_made.up"),
        ),
        Attack(
            "no key, without stores",
            "401 missing_api_key",
            Request(body=asking("Hi"), away=True),
        ),
        Attack("4 MB of text, without stores", "200 MISS", _sent(asking("word " * 800_000))),
        Attack("health without stores", "200", _read("/health")),
        Attack("administrators' health without stores", "200", _read("/admin/health", _ADMIN)),
        Attack("statistics without stores", "503 exact_unavailable", _read("/admin/stats", _ADMIN)),
        Attack("metrics without stores", "503 exact_unavailable", _read("/metrics", _ADMIN)),
        Attack(
            "a clear without stores",
            "503 exact_unavailable",
            _acted("/admin/cache/clear", all=True),
        ),
        Attack(
            "an export without stores",
            "503 exact_unavailable",
            _acted("/admin/entries/export"),
        ),
        Attack(
            "a key's making without stores",
            "503 exact_unavailable",
            _acted("/admin/keys/create", tenant="acme", name="away"),
        ),
    ],
)
