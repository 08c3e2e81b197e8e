"""Facts about pages of other sites that are open in the developer's browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from selenium import webdriver
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from servers.proxy.process import ProxyProcess, proxy_process
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream

pytestmark = pytest.mark.browser

SECRET_PROMPT = "What is our secret plan?"
FORMS_TYPES = ("text/plain", "application/x-www-form-urlencoded", "application/json")
ATTEMPTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "Spend"}]}),
    ("/v1/files", {"purpose": "batch"}),
    ("/admin/cache/clear", {"all": True}),
    ("/admin/cache/clear", {}),
    ("/admin/entries/import", {"lines": []}),
)
ATTACK = """
const [address, attempts, types] = [arguments[0], arguments[1], arguments[2]];
const done = arguments[arguments.length - 1];
const tries = [];
for (const [path, fields] of attempts)
  for (const type of types)
    for (const mode of ["no-cors", "cors"])
      tries.push(fetch(address + path, {
        method: "POST", mode, headers: {"content-type": type}, body: JSON.stringify(fields),
      }).then(answer => mode + " " + answer.type + " " + answer.status, () => mode + " failed"));
tries.push(fetch(address + "/admin/entries", {mode: "cors"}).then(
  answer => answer.text(), () => "cors failed"));
Promise.all(tries).then(done);
"""


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream().in_thread() as running:
        yield running


@pytest.fixture
def proxy(tmp_path: Path, upstream: ScriptedUpstream) -> Iterator[ProxyProcess]:
    """One answer is stored in it."""
    with proxy_process(tmp_path / "data", UPSTREAM_BASE_URL=upstream.base_url) as running:
        assert ask(running, SECRET_PROMPT) == "MISS"
        yield running


@pytest.fixture
def page() -> Iterator[str]:
    """The address of somebody else's page, on this machine too."""

    async def index(_: Request) -> HTMLResponse:
        return HTMLResponse("<!doctype html><title>A page</title>")

    with ThreadServer(Starlette(routes=[Route("/", index)])).running() as server:
        yield server.url


def ask(proxy: ProxyProcess, text: str) -> str:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    answer = httpx.post(f"{proxy.base_url}/chat/completions", json=body, timeout=30)
    return str(answer.headers["x-cache"])


def port_of(proxy: ProxyProcess) -> int | None:
    return urlsplit(proxy.url).port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "rebound.example"])
def test_a_page_of_another_origin_changes_nothing_and_spends_nothing(
    browser: webdriver.Chrome,
    proxy: ProxyProcess,
    upstream: ScriptedUpstream,
    page: str,
    host: str,
) -> None:
    address = f"http://{host}:{port_of(proxy)}"
    browser.get(page)

    seen = browser.execute_async_script(ATTACK, address, ATTEMPTS, FORMS_TYPES)

    assert {line for line in seen if line.startswith("no-cors")} <= {
        "no-cors opaque 0",  # sent, and not readable
        "no-cors failed",
    }
    assert {line for line in seen if line.startswith("cors")} == {"cors failed"}
    assert len(upstream.requests) == 1
    assert ask(proxy, SECRET_PROMPT) == "HIT-EXACT"


def test_a_name_that_is_rebound_to_this_machine_reads_nothing(
    browser: webdriver.Chrome, proxy: ProxyProcess
) -> None:
    address = f"http://rebound.example:{port_of(proxy)}"

    for path in ("/admin/entries", "/dashboard", "/metrics", "/health", "/v1/models"):
        browser.get(address + path)

        shown = browser.page_source
        assert "host_not_allowed" in shown, path
        assert "secret plan" not in shown


def test_the_servers_own_page_reads_what_it_shows(
    browser: webdriver.Chrome, proxy: ProxyProcess
) -> None:
    browser.get(f"{proxy.url}/dashboard")

    read = browser.execute_async_script(
        "fetch('/dashboard/data').then(answer => answer.text()).then(arguments[0])"
    )

    assert json.loads(read)
