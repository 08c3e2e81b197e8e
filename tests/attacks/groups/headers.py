"""Our own headers with values that make no sense, and headers that are not the client's to send."""

from attacks.case import CHAT, Attack, Group, Request, Story, asking
from attacks.target import UPSTREAM_KEY, Target

_BAD = "400 invalid_header"
_VALUES = (
    ("x-cache-ttl", "-1"),
    ("x-cache-ttl", "1e9"),
    ("x-cache-ttl", "9999999999999"),
    ("x-cache-ttl", "NaN"),
    ("x-cache-threshold", "2"),
    ("x-cache-threshold", "-0.5"),
    ("x-cache-threshold", "nan"),
    ("x-cache-threshold", "0.9999999999999999999999"),
    ("x-cache-mode", "everything"),
    ("x-cache-mode", ""),
    ("x-cache-namespace", "../other"),
    ("x-cache-namespace", "a" * 65),
    ("x-cache-namespace", "a b"),
    ("x-cache-namespace", ""),
    ("x-cache-namespace", "*"),
    ("x-cache-tags", "a,,b"),
    ("x-cache-tags", ",".join("abcdefghijk")),
    ("x-cache-tags", "a:b"),
    ("x-bypass-cache", "maybe"),
    ("x-cache-normalize", "2"),
    ("x-cache-fresh-id", "yes"),
    ("cache-control", "max-age=x"),
    ("cache-control", "max-age=-1"),
    ("cache-control", "max-stale=\u00b2"),
)


def _not_passed_on(name: str, value: str) -> Attack:
    """The header must not reach the upstream."""

    def steps(target: Target) -> str:
        headers = {name: value, "x-cache-mode": "off"}
        Request(body=asking(f"Pass on {name}"), headers=headers).reply(target)
        got = target.upstream.requests[-1].headers
        return "passed on" if got.get(name) == value else "kept back"

    return Attack(f"{name} for the upstream", "kept back", Story(f"`{name}: {value}`", steps))


def _own_upstream_key(target: Target) -> str:
    Request(
        body=asking("Another's account"),
        headers={"authorization": "Bearer {acme}", "x-cache-mode": "off"},
        keyed=True,
    ).reply(target)
    sent = target.upstream.requests[-1].headers.get("authorization")
    return "the operator's" if sent == f"Bearer {UPSTREAM_KEY}" else str(sent)


GROUP = Group(
    "Our headers, and others",
    [
        *(
            Attack(
                f"{name} of {value[:16] or 'nothing'}{'...' if len(value) > 16 else ''}",
                _BAD,
                Request(body=asking("Hi"), headers={name: value}),
            )
            for name, value in _VALUES
        ),
        Attack(
            "a TTL of a hundred years",
            "200 MISS",
            Request(body=asking("TTL"), headers={"x-cache-ttl": "3153600000"}),
        ),
        Attack(
            "what only the cache has, and it has not",
            "504 not_in_cache",
            Request(body=asking("Never asked"), headers={"cache-control": "only-if-cached"}),
        ),
        Attack(
            "a line break within a namespace, escaped",
            _BAD,
            Request(CHAT, asking("Hi"), {"x-cache-namespace": "a%0d%0ax-admin: 1"}),
        ),
        *(
            _not_passed_on(name, value)
            for name, value in (
                ("cookie", "session=1"),
                ("x-forwarded-for", "203.0.113.9"),
                ("x-admin-key", "guess"),
                ("proxy-authorization", "Basic eDp5"),
            )
        ),
        Attack(
            "whose key the upstream sees",
            "the operator's",
            Story("a tenant's key as `authorization`", _own_upstream_key),
        ),
    ],
)
