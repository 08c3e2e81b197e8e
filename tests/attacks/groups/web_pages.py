"""Pages that are open in the developer's browser, and names that are rebound to this machine."""

from attacks.case import CHAT, Attack, Group, Request, asking

EVIL = "http://evil.example"
_FORM_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
_STATE_CHANGES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("import", "/admin/entries/import", {"records": [{}]}),
    ("clear", "/admin/cache/clear", {"all": True}),
    ("purge", "/admin/purge", {}),
    ("export", "/admin/entries/export", {}),
    ("make a key", "/admin/keys/create", {"tenant": "evil", "name": "evil"}),
)
_READS = ("/admin/entries", "/admin/config", "/metrics", "/dashboard", "/health", "/v1/models")
_HOSTS = (
    ("another name", "evil.example"),
    ("another name with the port", "evil.example:{port}"),
    ("a name that begins like loopback", "127.0.0.1.evil.example"),
    ("a name that ends like loopback", "evil-localhost"),
    ("another address", "192.0.2.7:{port}"),
    ("an address of this machine that is not loopback", "0.0.0.0:{port}"),
    ("an address as one number", "2130706433"),
    ("user and password before loopback", "evil@127.0.0.1"),
    ("two names with a comma", "127.0.0.1, evil.example"),
    ("nothing", ""),
)
_ORIGINS = (
    ("null", "null"),
    ("another port", "http://127.0.0.1:1"),
    ("a name that begins like ours", "http://127.0.0.1.evil.example:{port}"),
    ("no URL", "evil"),
    ("a bracket that never closes", "http://[::1"),
    ("a file", "file://"),
    ("an extension", "chrome-extension://abc"),
)

GROUP = Group(
    "Web pages and rebinding",
    [
        *(
            Attack(
                f"a page spends money by {kind.partition(';')[0]}",
                "403 origin_not_allowed",
                Request(body=asking("Spend"), headers={"origin": EVIL, "content-type": kind}),
            )
            for kind in (*_FORM_TYPES, "application/json")
        ),
        *(
            Attack(
                f"a form without an origin posts {kind.partition(';')[0]}",
                "415 unsupported_content_type",
                Request(body=asking("Spend"), headers={"content-type": kind}),
            )
            for kind in _FORM_TYPES
        ),
        Attack(
            "a body without a type",
            "415 unsupported_content_type",
            Request(body=asking("Spend"), headers={"content-type": None}),
        ),
        *(
            Attack(
                f"a page tries to {what}",
                "403 origin_not_allowed",
                Request(path, fields, {"origin": EVIL, "content-type": "text/plain"}),
            )
            for what, path, fields in _STATE_CHANGES
        ),
        *(
            Attack(
                f"an old browser's form tries to {what}, and says no origin",
                "415 unsupported_content_type",
                Request(path, fields, {"content-type": "text/plain"}),
            )
            for what, path, fields in _STATE_CHANGES
        ),
        *(
            Attack(
                f"a page reads {path}",
                "403 origin_not_allowed",
                Request(path, headers={"origin": EVIL}, method="GET"),
            )
            for path in _READS
        ),
        *(
            Attack(
                f"a rebound name reads {path}",
                "421 host_not_allowed",
                Request(path, headers={"host": "evil.example:{port}"}, method="GET"),
            )
            for path in _READS
        ),
        *(
            Attack(
                f"a host that is {what}",
                "421 host_not_allowed or 400 invalid_http",
                Request(CHAT, asking("Spend"), {"host": host}),
            )
            for what, host in _HOSTS
        ),
        *(
            Attack(
                f"an origin that is {what}",
                "403 origin_not_allowed",
                Request(CHAT, asking("Spend"), {"origin": origin}),
            )
            for what, origin in _ORIGINS
        ),
        Attack(
            "a link on another site",
            "403 origin_not_allowed",
            Request("/admin/entries", headers={"sec-fetch-site": "cross-site"}, method="GET"),
        ),
        Attack(
            "a preflight of another site's page",
            "403 origin_not_allowed",
            Request(
                CHAT,
                headers={"origin": EVIL, "access-control-request-method": "POST"},
                method="OPTIONS",
            ),
        ),
        Attack(
            "another site's page names our origin second",
            "403 origin_not_allowed",
            Request(CHAT, asking("Spend"), {"origin": f"{EVIL}, http://127.0.0.1:{{port}}"}),
        ),
    ],
)
