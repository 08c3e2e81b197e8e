"""Pages that are open in the developer's browser, and names that are rebound to this machine."""

from attacks.case import CHAT, Attack, Group, Raw, Request, asking

EVIL = "http://evil.example"
_FORM_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
_STATE_CHANGES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("import", "/admin/entries/import", {"records": [{}]}),
    ("clear", "/admin/cache/clear", {"all": True}),
    ("purge", "/admin/purge", {}),
    ("export", "/admin/entries/export", {}),
    ("make a key", "/admin/keys/create", {"tenant": "evil", "name": "evil"}),
    ("embed everything anew", "/admin/entries/reembed", {}),
    ("bar an answer", "/v1/cache/feedback", {"entry": "e", "verdict": "bad"}),
)
_READS = (
    *("/admin/entries", "/admin/config", "/metrics", "/dashboard", "/dashboard/data", "/health"),
    *("/v1/models", "/docs", "/openapi.json", "/", "/nothing"),
)
_TYPES = (
    *("text/plain; application/json", "TEXT/PLAIN", "text/json", "application/json, text/plain"),
    *("application/jsonp", "application/octet-stream", "json"),
)
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
    ("another name in capitals", "EVIL.EXAMPLE:{port}"),
    ("another name with a dot at its end", "evil.example."),
    ("another name that has ours in it", "localhost.evil.example:{port}"),
    ("every address of version 6", "[::]:{port}"),
    ("another address of version 6", "[2001:db8::1]:{port}"),
    ("an address with fewer parts", "127.1:{port}"),
    ("an address in hex", "0x7f000001:{port}"),
    ("an address in octal", "0177.0.0.1:{port}"),
    ("a port that is none", "127.0.0.1:x"),
    ("a path", "127.0.0.1/evil.example"),
    ("a whole URL", "http://127.0.0.1"),
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
    ("our host by another scheme", "ftp://127.0.0.1:{port}"),
    ("our host behind a user", "http://evil@127.0.0.1:{port}"),
    ("our host with a path", "http://127.0.0.1:{port}/"),
    ("our host without its port", "http://127.0.0.1"),
    ("another name of this machine", "http://localhost:{port}"),
    ("this machine by version 6", "http://[::1]:{port}"),
    ("nothing", ""),
)
_SPELLINGS = ("127.0.0.1", "LOCALHOST:{port}", "localhost.:{port}", "[::1]:{port}", "a.localhost")
_CONTRADICTIONS = (
    ("same-origin", {"origin": EVIL, "sec-fetch-site": "same-origin"}),
    ("none", {"origin": EVIL, "sec-fetch-site": "none"}),
    ("same-site", {"origin": EVIL, "sec-fetch-site": "same-site"}),
    ("cross-site", {"origin": "http://127.0.0.1:{port}", "sec-fetch-site": "cross-site"}),
    ("cross-site in capitals", {"sec-fetch-site": "Cross-Site"}),
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
        *(
            Attack(
                f"a body of type {kind}",
                "415 unsupported_content_type",
                Request(body=asking("Spend"), headers={"content-type": kind}),
            )
            for kind in _TYPES
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
            "a preflight for this machine's network",
            "403 origin_not_allowed",
            Request(
                CHAT,
                headers={
                    "origin": EVIL,
                    "access-control-request-method": "POST",
                    "access-control-request-headers": "content-type",
                    "access-control-request-private-network": "true",
                },
                method="OPTIONS",
            ),
        ),
        *(
            Attack(
                f"a page by {method}",
                "403 origin_not_allowed",
                Request("/admin/entries", headers={"origin": EVIL}, method=method),
            )
            for method in ("PUT", "PATCH", "DELETE", "OPTIONS")
        ),
        Attack(
            "a page opens a socket",
            "403 origin_not_allowed",
            Request(
                CHAT,
                headers={
                    "origin": EVIL,
                    "connection": "upgrade",
                    "upgrade": "websocket",
                    "sec-websocket-version": "13",
                    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
                },
                method="GET",
            ),
        ),
        *(
            Attack(
                f"a page whose browser says {what}",
                "403 origin_not_allowed",
                Request(CHAT, asking("Spend"), headers),
            )
            for what, headers in _CONTRADICTIONS
        ),
        *(
            Attack(
                f"a rebound name behind {name}",
                "421 host_not_allowed",
                Request("/metrics", headers={"host": "evil.example", name: value}, method="GET"),
            )
            for name, value in (
                ("x-forwarded-host", "127.0.0.1:{port}"),
                ("forwarded", "host=127.0.0.1"),
                ("x-host", "127.0.0.1"),
                ("x-original-host", "127.0.0.1"),
            )
        ),
        Attack(
            "a forwarded host in front of ours",
            "200",
            Request("/health", headers={"x-forwarded-host": "evil.example"}, method="GET"),
        ),
        *(
            Attack(
                f"our own host as {host}",
                "200",
                Request("/health", headers={"host": host}, method="GET"),
            )
            for host in _SPELLINGS
        ),
        Attack(
            "two origins, ours first",
            "403 origin_not_allowed",
            Raw(
                "`origin` of the server's, and `origin: http://evil.example`",
                [
                    b"GET /admin/entries HTTP/1.1\r\n{host}\r\norigin: http://{address}\r\n",
                    b"origin: http://evil.example\r\nconnection: close\r\n\r\n",
                ],
            ),
        ),
        Attack(
            "another site's page names our origin second",
            "403 origin_not_allowed",
            Request(CHAT, asking("Spend"), {"origin": f"{EVIL}, http://127.0.0.1:{{port}}"}),
        ),
    ],
)
