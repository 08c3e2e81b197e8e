"""Facts about which hosts the local server answers for, and which web pages may use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from llm_cache_proxy.api.middleware.cors import with_cors
from llm_cache_proxy.api.middleware.web_pages import HostRule, WebPageProtection
from llm_cache_proxy.domain.host_names import is_loopback
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents

SERVER = "192.0.2.7"
PATHS = ("/v1/chat/completions", "/admin/export", "/metrics", "/dashboard", "/health", "/nothing")


class Remembering:
    """A sink of request events."""

    def __init__(self) -> None:
        self.events: list[RequestEvent] = []

    def write(self, served: RequestEvent) -> None:
        self.events.append(served)

    def close(self) -> None:
        """Nothing to close."""


async def reached(_: Scope, __: Receive, send: Send) -> None:
    """What stands behind the protection."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"reached"})


@asynccontextmanager
async def client(
    *,
    origins: str | None = None,
    hosts: HostRule | None = None,
    request_events: RequestEvents | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    app = WebPageProtection(
        with_cors(reached, origins),
        cors_allow_origins=origins,
        host_rule=hosts,
        request_events=request_events,
    )

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "server": (SERVER, 3000)}, receive, send)

    transport = httpx.ASGITransport(served)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as made:
        yield made


async def status(
    headers: dict[str, str], *, origins: str | None = None, hosts: HostRule | None = None
) -> int:
    async with client(origins=origins, hosts=hosts) as asking:
        return (await asking.post("/v1/chat/completions", headers=headers)).status_code


LOCAL = HostRule.of("cache.example, *.team.example ,", "::1")


@pytest.mark.parametrize(
    "host",
    [
        *("localhost:3000", "LOCALHOST", "localhost.", "app.localhost:3000", "127.0.0.1"),
        *("127.9.9.9:1", "[::1]:3000", "cache.example", "cache.example:8443"),
        *("a.team.example", SERVER, f"{SERVER}:3000"),
    ],
)
async def test_the_servers_own_names_are_answered(host: str) -> None:
    assert await status({"host": host}, hosts=LOCAL) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example"),
        *("team.example", "evilteam.example", "xcache.example", "192.0.2.8", "0.0.0.0:3000"),
        *(
            "evillocalhost",
            "localhost:3000@evil.example",
            "localhost/evil",
            "[::1",
            "",
            "169.254.1.1",
        ),
    ],
)
async def test_another_host_is_misdirected(host: str) -> None:
    assert await status({"host": host}, hosts=LOCAL) == 421


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_and_method_is_behind_the_host_check(path: str) -> None:
    async with client(hosts=LOCAL) as asking:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            answer = await asking.request(method, path, headers={"host": "evil.example"})

            assert answer.status_code == 421, method
            assert answer.headers["x-cache"] == "REFUSED"
            if method != "HEAD":
                assert answer.json()["error"]["code"] == "host_not_allowed"


async def test_a_refusal_under_v1_is_reported_and_no_other() -> None:
    sink = Remembering()
    events = RequestEvents(PriceList({}, {}), [sink])

    async with client(hosts=LOCAL, request_events=events) as asking:
        for path in PATHS:
            await asking.get(path, headers={"host": "evil.example"})

    [event] = sink.events
    assert (event.status, event.result, event.tenant) == (421, "REFUSED", None)
    assert event.reason == "refused:host_not_allowed"


async def test_one_wrong_host_of_two_is_enough() -> None:
    async with client(hosts=LOCAL) as asking:
        headers = [("host", "localhost"), ("host", "evil.example")]

        assert (await asking.get("/health", headers=headers)).status_code == 421


async def test_a_star_takes_every_host() -> None:
    assert await status({"host": "any.example"}, hosts=HostRule.of("*", "::1")) == 200
    assert await status({"host": "odd host"}, hosts=HostRule.of("*", "::1")) == 200


async def test_a_function_is_reached_under_any_host() -> None:
    assert await status({"host": "abc.execute-api.example"}) == 200


@pytest.mark.parametrize("path", PATHS)
async def test_pages_of_other_origins_are_refused_on_every_path_and_method(path: str) -> None:
    async with client() as asking:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            answer = await asking.request(method, path, headers={"origin": "https://evil.example"})

            assert answer.status_code == 403, method
            if method != "HEAD":
                assert answer.json()["error"]["code"] == "origin_not_allowed"


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        *((origin, "cross-site") for origin in ("https://evil.example", "null", "")),
        ("http://127.0.0.1:3001", "same-site"),  # another port is another origin
        ("http://localhost:3000", "cross-site"),
        ("http://127.0.0.1:3000.evil.example", None),
        ("http://[::1", None),
        ("file://", None),
        (None, "cross-site"),
        ("http://127.0.0.1:99999", None),
    ],
)
async def test_a_page_that_is_not_the_servers_own_is_refused(
    origin: str | None, site: str | None
) -> None:
    named = {"origin": origin, "sec-fetch-site": site}

    assert await status({k: v for k, v in named.items() if v is not None}) == 403


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://cache.example", "host": "cache.example"},
        {"origin": "https://cache.example", "host": "cache.example:443"},
        {"origin": "http://cache.example:80", "host": "CACHE.example"},
        # Behind a content delivery network, whose name is not the host's.
        {
            "origin": "https://cache.example",
            "host": "inner.example",
            "sec-fetch-site": "same-origin",
        },
    ],
)
async def test_the_servers_own_pages_and_clients_that_are_no_browsers_pass(
    named: dict[str, str],
) -> None:
    assert await status(named) == 200


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("https://evil.example", "same-origin"),
        ("https://evil.example", "none"),
        ("http://127.0.0.1:3000", "cross-site"),
        ("http://127.0.0.1:3000", " Cross-Site "),
        ("ftp://127.0.0.1:3000", None),
        ("http://evil@127.0.0.1:3000", None),
        ("http://127.0.0.1:3000/", None),
        ("http://localhost:3000", None),
    ],
)
async def test_where_hosts_are_known_no_header_outweighs_a_foreign_origin(
    origin: str, site: str | None
) -> None:
    named = {"origin": origin, "sec-fetch-site": site}
    given = {name: value for name, value in named.items() if value is not None}

    assert await status(given, hosts=LOCAL) == 403


async def test_pages_that_cors_allows_pass_and_no_others() -> None:
    origins = "https://app.example, https://other.example"

    assert await status({"origin": "https://other.example"}, origins=origins) == 200
    assert await status({"origin": "https://evil.example"}, origins=origins) == 403
    assert await status({"sec-fetch-site": "cross-site"}, origins=origins) == 403
    cross = {"origin": "https://app.example", "sec-fetch-site": "cross-site"}
    assert await status(cross, origins=origins) == 200


async def test_every_page_passes_where_cors_allows_every_origin() -> None:
    assert await status({"origin": "https://any.example"}, origins="*") == 200
    assert await status({"sec-fetch-site": "cross-site"}, origins="*") == 200


async def test_paths_that_want_a_name_are_shut_to_the_star() -> None:
    app = WebPageProtection(
        with_cors(reached, "*, https://app.example"),
        cors_allow_origins="*, https://app.example",
        named_alone=("/admin",),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as asking:
        statuses = [
            (await asking.post(path, headers={"origin": origin})).status_code
            for path in ("/admin/cache/clear", "/v1/chat/completions")
            for origin in ("https://evil.example", "https://app.example")
        ]

    assert statuses == [403, 200, 200, 200]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_distinguished_from_every_other_address(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback
