"""Headless Chromium, and a dashboard over counters that a test lays down."""

import asyncio
import base64
import contextlib
import json
import math
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from fakes.admin import NOW, AdminHarness
from llm_cache_proxy.api.operators.access import Operators
from llm_cache_proxy.api.operators.admin_app import router as admin_router
from llm_cache_proxy.api.operators.app import operator_app
from llm_cache_proxy.api.operators.metrics_app import METRICS_ROUTERS
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.metrics.counter_names import (
    EXACT_HITS,
    SEMANTIC_HITS,
    error_count,
    hit_counts,
    latency_counts,
    merged,
    miss_counts,
    trip_count,
    veto_count,
)
from llm_cache_proxy.domain.metrics.similarities import similarity_count
from samples.request_events import SAVED, USED, an_event
from servers.requirements import require_program
from servers.thread import ThreadServer

KEY = "the-admin-key"
AXE_VERSION = "4.14.1"
QUIET = (4, 5)
DECISIONS = (
    an_event(request_id="req_1", result="MISS", usage=USED, nano_dollars=44_250, latency_ms=812.0),
    an_event(
        request_id="req_2",
        time=NOW - 90,
        result="MISS",
        reason="guard:numbers",
        similarity=0.9612,
        latency_ms=1_290.0,
    ),
    an_event(
        request_id="req_3",
        time=NOW - 60,
        result="HIT-SEMANTIC",
        reason="similar",
        similarity=0.9731,
        usage=SAVED,
        nano_dollars=44_250,
        latency_ms=14.2,
    ),
    an_event(request_id="req_4", time=NOW - 5, result="HIT-EXACT", reason="identical", usage=SAVED),
)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--lang=en-GB",
    "--host-resolver-rules=MAP rebound.example 127.0.0.1",
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = require_program("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(require_program("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's script, fetched from npm once."""
    held = Path(__file__).parents[2] / "build" / f"axe-core-{AXE_VERSION}"
    if not held.exists():
        npm = require_program("npm")
        with tempfile.TemporaryDirectory(dir=_made(held.parent)) as folder:
            subprocess.run(
                [npm, "install", "--prefix", folder, "--no-save", f"axe-core@{AXE_VERSION}"],
                check=True,
                capture_output=True,
                timeout=100,
            )
            with contextlib.suppress(OSError):  # another worker was a moment earlier
                (Path(folder) / "node_modules" / "axe-core").rename(held)
    return (held / "axe.min.js").read_text(encoding="utf-8")


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A window without memory: no key, no colour scheme asked for, 1280 pixels wide."""
    chromium.get("about:blank")
    screen(chromium, 1280, 900)
    scheme(chromium, "light")
    log(chromium)
    yield chromium
    chromium.get("about:blank")


def log(driver: webdriver.Chrome) -> list[dict[str, str]]:
    """What the browser has logged since it was last asked."""
    lines: list[dict[str, str]] = driver.get_log("browser")  # type: ignore[no-untyped-call] # selenium has no type here
    return lines


def screen(driver: webdriver.Chrome, width: int, height: int) -> None:
    """Set the size of the page's window in CSS pixels."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def scheme(driver: webdriver.Chrome, name: str) -> None:
    """Set the colour scheme that the reader prefers."""
    features = [{"name": "prefers-color-scheme", "value": name}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def picture(driver: webdriver.Chrome, path: Path, *, whole: bool = True) -> None:
    """A picture of the whole page, or of what its window shows."""
    driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    of = "document.documentElement.scrollHeight" if whole else "innerHeight"
    width, height = driver.execute_script(f"return [innerWidth, {of}]")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    options = {"captureBeyondViewport": whole, "clip": clip}
    taken = driver.execute_cdp_cmd("Page.captureScreenshot", options)
    driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": False})
    path.write_bytes(base64.b64decode(taken["data"]))


@pytest.fixture
def office() -> AdminHarness:
    """An hour of traffic in windows of five minutes: ever more hits, two models, a quiet time."""
    office = AdminHarness(key_ring=KeyRing(b"a-signing-secret"))
    office.exact.time = NOW
    for place in range(12):
        wave = 40 + round(25 * math.sin(place / 2))
        hits = 0 if place in QUIET else wave * (4 + place) // 12
        misses = 0 if place in QUIET else wave
        parts = [
            *[hit_counts(EXACT_HITS, "llama-3.3-70b-versatile", 420, 310)] * hits,
            *[hit_counts(SEMANTIC_HITS, "openai/gpt-oss-120b", 260, 540)] * (hits // 2),
            *[miss_counts("llama-3.3-70b-versatile", 400, 300)] * misses,
            *[latency_counts("HIT-EXACT", 0.6 + wave / 30)] * hits,
            *[latency_counts("HIT-SEMANTIC", 14 + wave / 8)] * (hits // 2),
            *[latency_counts("MISS", 400 + 12 * wave)] * misses,
        ]
        if place % 3 == 0:
            parts += [miss_counts("acme/own-7b", 100, 100), {"bypasses": 2}]
            parts += [veto_count("numbers"), veto_count("numbers"), veto_count("negation")]
            parts += [similarity_count(0.9731, "HIT-SEMANTIC", "similar")]
            parts += [similarity_count(0.9612, "MISS", "guard:numbers")]
            parts += [similarity_count(0.41, "MISS", "below-threshold")]
        if place == 8:
            parts += [error_count("search"), error_count("upstream_429")]
        office.exact.lay(merged(*parts), ago=300 * (12 - place), seconds=300)
    office.exact.lay({"misses": 12, "exact_hits": 30}, ago=3_000, tenant="team-search")
    office.exact.lay(trip_count("search"), ago=2_000)
    office.breakers = {"exact": "closed", "search": "closed", "embed": "closed"}
    asyncio.run(
        office.exact.record("default", {}, [json.dumps(answer.line()) for answer in DECISIONS])
    )
    return office


def pages_of(office: AdminHarness, key: str | None) -> FastAPI:
    """The pages, and the administration that they call."""
    operators = Operators(office.administration(), key)
    return operator_app([*METRICS_ROUTERS, admin_router], operators)


@pytest.fixture
def dashboard(office: AdminHarness) -> Iterator[ThreadServer]:
    server = ThreadServer(pages_of(office, KEY))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_dashboard(office: AdminHarness) -> Iterator[ThreadServer]:
    server = ThreadServer(pages_of(office, None))
    server.start()
    yield server
    server.stop()
