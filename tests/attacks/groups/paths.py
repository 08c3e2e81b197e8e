"""Addresses that climb, and methods that a path does not take."""

from attacks.case import Attack, Group, Request

_UNKNOWN = "404 unknown_url"
_PATHS = (
    ("/", "200"),
    ("//", _UNKNOWN),
    ("/v1/../health", "404 not_found"),
    ("/.env", _UNKNOWN),
    ("/admin/../.env", _UNKNOWN),
    ("/dashboard/../settings.py", _UNKNOWN),
    ("/dashboard/%2e%2e/%2e%2e/settings.py", _UNKNOWN),
    ("/dashboard/..%5c..%5csettings.py", _UNKNOWN),
    ("/dashboard/__init__.py", _UNKNOWN),
    ("/dashboard//etc/passwd", _UNKNOWN),
    ("/dashboard/index.html%00.js", _UNKNOWN),
    ("/admin/nothing", _UNKNOWN),
    ("/ADMIN/config", _UNKNOWN),
    ("/health/../admin/config", _UNKNOWN),
    ("/%61dmin/nothing", _UNKNOWN),
    ("/metrics?format=xml", "400 invalid_request_error"),
    ("/metrics?tenant=%ff", "200"),
    ("/admin/entries?limit=-1", "400 invalid_request_error"),
    ("/admin/entries?limit=99999999999999999999", "400 invalid_request_error"),
    ("/admin/entries?cursor=..", "400 invalid_request_error"),
    ("/admin/entries?nothing=1", "400 unknown_field"),
    ("/dashboard/data?range=century", "400 invalid_request_error"),
    ("/v1/models/%2e%2e%2ffiles", "404 model_not_found"),
    ("/v1/models/" + "a" * 5_000, "404 model_not_found"),
)
_METHODS = (
    ("DELETE", "/v1/chat/completions"),
    ("PUT", "/admin/cache/clear"),
    ("GET", "/admin/cache/clear"),
    ("POST", "/health"),
    ("TRACE", "/health"),
    ("DELETE", "/admin/entries"),
)

GROUP = Group(
    "Paths",
    [
        *(
            Attack(f"{path[:50]}", expected, Request(path, method="GET"))
            for path, expected in _PATHS
        ),
        *(
            Attack(
                f"{method} {path}",
                "405 method_not_allowed or 404 unknown_url or 200 BYPASS",
                Request(path, method=method),
            )
            for method, path in _METHODS
        ),
        *(
            Attack(
                f"the upstream's {path}",
                "404 not_found",
                Request(path, method="GET"),
            )
            for path in ("/v1/%2e%2e/secret", "/v1/a/..%2f..%2fsecret", "/v1/a\\..\\..\\secret")
        ),
    ],
)
