"""Keys that prove nothing, and tenants that reach for what is another's."""

from attacks.case import CHAT, Attack, Group, Request, Story, asking
from attacks.target import Target

_WRONG = "401 invalid_api_key"
_NO_KEY = "401 missing_api_key"
_FORBIDDEN = "403 path_not_allowed"


def _with_key(name: str, expected: str, authorization: str | None) -> Attack:
    headers = {"authorization": authorization}
    return Attack(name, expected, Request(CHAT, asking("Hi"), headers, keyed=True))


def _changed(name: str, change: str, position: int) -> Attack:
    """A valid key with one part of it changed."""

    def steps(target: Target) -> str:
        parts = target.keys["acme"].split(".")
        parts[position] = change
        headers = {"authorization": f"Bearer {'.'.join(parts)}"}
        return str(Request(CHAT, asking("Hi"), headers, keyed=True).reply(target))

    return Attack(name, _WRONG, Story(f"part {position + 1} of a valid key is `{change}`", steps))


def _ask(target: Target, who: str, text: str, **headers: str) -> str:
    named = {"authorization": f"Bearer {{{who}}}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    reply = Request(CHAT, asking(text), named, keyed=True).reply(target)
    return reply.headers.get("x-cache", str(reply))


def _same_prompt(target: Target) -> str:
    first = _ask(target, "acme", "What is our plan?")
    return ", then ".join([first, _ask(target, "other", "What is our plan?")])


def _near_prompt(target: Target) -> str:
    first = _ask(target, "acme", "How do I brew green tea?")
    return ", then ".join([first, _ask(target, "other", "How can I brew green tea?")])


def _own_namespace(target: Target) -> str:
    first = _ask(target, "acme", "A plan in a namespace", x_cache_namespace="shared")
    second = _ask(target, "other", "A plan in a namespace", x_cache_namespace="shared")
    return f"{first}, then {second}"


def _feedback_on_anothers(target: Target) -> str:
    headers = {"authorization": "Bearer {acme}"}
    entry = Request(CHAT, asking("Feedback"), headers, keyed=True)
    entry.reply(target)
    name = entry.reply(target).headers["x-cache-entry"]
    fields = {"entry": name, "verdict": "bad"}
    reply = Request(
        "/v1/cache/feedback", fields, {"authorization": "Bearer {other}"}, keyed=True
    ).reply(target)
    return str(reply)


def _revoked(target: Target) -> str:
    admin = {"x-admin-key": "{admin}"}
    made = Request(
        "/admin/keys/create", {"tenant": "gone", "name": "gone"}, admin, keyed=True
    ).reply(target)
    Request("/admin/keys/revoke", {"id": made.fields["id"]}, admin, keyed=True).reply(target)
    headers = {"authorization": f"Bearer {made.fields['key']}"}
    return str(Request(CHAT, asking("Hi"), headers, keyed=True).reply(target))


def _beyond_rate(target: Target) -> str:
    admin = {"x-admin-key": "{admin}"}
    fields = {"tenant": "slow", "name": "slow", "requests_per_minute": 2}
    made = Request("/admin/keys/create", fields, admin, keyed=True).reply(target)
    headers = {"authorization": f"Bearer {made.fields['key']}"}
    replies = [
        str(Request(CHAT, asking(f"Rate {n}"), headers, keyed=True).reply(target)) for n in range(3)
    ]
    return ", then ".join(replies)


GROUP = Group(
    "Tenants and keys",
    [
        _with_key("no key", _NO_KEY, None),
        _with_key("a bearer of nothing", _NO_KEY, "Bearer "),
        _with_key("another scheme", _NO_KEY, "Basic eDp5"),
        _with_key("a key of OpenAI's form", _WRONG, "Bearer sk-1234567890"),
        _with_key("the prefix alone", _WRONG, "Bearer lcp_"),
        _with_key("a key without a signature", _WRONG, "Bearer lcp_acme.0123456789abcdef."),
        _with_key("a signature of another length", _WRONG, "Bearer lcp_acme.0123456789abcdef.aa"),
        _with_key("the admin key as a client's", _WRONG, "Bearer {admin}"),
        _with_key("two keys in one header", _WRONG, "Bearer {acme}, Bearer {other}"),
        _with_key("a key of letters that are not ASCII", _WRONG, "Bearer lcp_acm\u00e9.0.0"),
        _with_key("a key of 50,000 letters", _WRONG, f"Bearer lcp_{'a' * 50_000}"),
        _changed("another tenant's name in a valid key", "lcp_other", 0),
        _changed("no tenant in a valid key", "lcp_", 0),
        _changed("a path in place of the tenant", "lcp_../other", 0),
        _changed("another id in a valid key", "0123456789abcdef", 1),
        _changed("another signature on a valid key", "A" * 43, 2),
        Attack("a key that was revoked", "401 revoked_api_key", Story("a revoked key", _revoked)),
        Attack(
            "more requests than the key may send",
            "200 MISS, then 200 MISS, then 429 rate_limit_exceeded",
            Story("3 requests under a limit of 2 a minute", _beyond_rate),
        ),
        *(
            Attack(
                f"a client's key asks for {method} {path}",
                _FORBIDDEN,
                Request(
                    path,
                    {} if method == "POST" else None,
                    {"authorization": "Bearer {acme}"},
                    method,
                    keyed=True,
                ),
            )
            for method, path in (
                ("GET", "/v1/files"),
                ("POST", "/v1/files"),
                ("GET", "/v1/files/file-1/content"),
                ("GET", "/v1/responses/resp_1"),
                ("POST", "/v1/responses/resp_1/cancel"),
                ("POST", "/v1/batches"),
                ("GET", "/v1/chat/completions"),
                ("GET", "/v1/organization/users"),
                ("POST", "/v1/models"),
                ("DELETE", "/v1/models/m"),
                ("POST", "/v1/../admin/cache/clear"),
                ("POST", "/v1/chat/completions/../../files"),
            )
        ),
        Attack(
            "another tenant's prompt, word for word",
            "MISS, then MISS",
            Story("two tenants send one prompt", _same_prompt),
        ),
        Attack(
            "another tenant's prompt, nearly",
            "MISS, then MISS",
            Story("two tenants send similar prompts", _near_prompt),
        ),
        Attack(
            "another tenant's prompt by a namespace of one name",
            "MISS, then MISS",
            Story("`x-cache-namespace: shared` of two tenants", _own_namespace),
        ),
        Attack(
            "another tenant's prompt by a header that names it",
            "200 MISS",
            Request(
                CHAT,
                asking("What is our plan again?"),
                {"authorization": "Bearer {other}", "x-tenant": "acme", "x-cache-tenant": "acme"},
                keyed=True,
            ),
        ),
        Attack(
            "feedback on another tenant's entry",
            "404 not_found",
            Story("feedback that names the entry of another tenant", _feedback_on_anothers),
        ),
    ],
)
