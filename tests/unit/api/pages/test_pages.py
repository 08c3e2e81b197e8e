"""The pages for people: found on every face that serves them, and loaded from this server alone."""

import re
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from fakes.admin import AdminHarness
from llm_cache_proxy.api.operators.metrics_app import create_metrics_app

PAGES = ["/", "/docs", "/dashboard"]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client without the admin key that is in force."""
    app = create_metrics_app(AdminHarness().administration(), "the-admin-key")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://proxy") as made:
        yield made


def kept_files() -> dict[str, bytes]:
    """The dashboard's own files by their path in its folder; the chart library's are renamed."""
    folder = Path(str(files("llm_cache_proxy.api.operators.dashboard")))
    paths = [path for kind in ("html", "css", "js") for path in folder.rglob(f"*.{kind}")]
    own = [path for path in paths if "uplot" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in own}


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_loads_without_a_key(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(page)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_loads_nothing_from_elsewhere_and_runs_no_inline_script(
    client: httpx.AsyncClient, page: str
) -> None:
    answer = await client.get(page)

    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on\w+=", answer.text)


@pytest.mark.parametrize("page", PAGES)
async def test_every_file_that_a_page_names_is_served(client: httpx.AsyncClient, page: str) -> None:
    text = (await client.get(page)).text
    named = re.findall(r'(?:src|link rel="stylesheet" href)="([^"]+)"', text)

    answers = [await client.get(f"/{name}") for name in named]

    assert named
    assert {answer.status_code for answer in answers} == {200}


async def test_every_file_of_the_dashboard_is_served_under_its_path(
    client: httpx.AsyncClient,
) -> None:
    kept = kept_files()

    answers = {name: await client.get(f"/dashboard/{name}") for name in kept}

    assert len(kept) > 1
    assert {name: answer.content for name, answer in answers.items()} == kept


async def test_the_landing_page_links_everything_else(client: httpx.AsyncClient) -> None:
    text = (await client.get("/")).text

    linked = set(re.findall(r'<a href="([^"]+)"', text))

    assert linked == {"dashboard", "docs", "openapi.json", "health"}
    assert "curl -i" in text


async def test_the_description_needs_no_key(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")

    assert answer.json()["openapi"].startswith("3.1")


@pytest.mark.parametrize("page", ["docs", "dashboard"])
async def test_a_slash_at_the_end_leads_to_the_page_whatever_the_host_header_says(
    client: httpx.AsyncClient, page: str
) -> None:
    answer = await client.get(f"/{page}/", headers={"host": "elsewhere.example"})

    assert (answer.status_code, answer.headers["location"]) == (307, f"../{page}")


@pytest.mark.parametrize("path", ["/docs/index", "/docs/..%2fopenapi.json", "/dashboard/uplot"])
async def test_a_file_that_no_page_names_is_a_404(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_url"
