"""Facts about where spans go, as the settings say."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from llm_cache_proxy.api.middleware.request_events import CURRENT
from llm_cache_proxy.bootstrap.functions.logs import OfRequest, log_as_json
from llm_cache_proxy.bootstrap.telemetry import otlp_headers, telemetry
from llm_cache_proxy.pipeline.recording.request_events import RequestEventDraft
from llm_cache_proxy.settings import Settings

SERVING = """
import sys
from llm_cache_proxy.bootstrap.clients import completions
from llm_cache_proxy.bootstrap.functions.completions import served
from llm_cache_proxy.settings import Settings
served(Settings(redis_url="redis://r", groq_api_key="g"))
ours, theirs = ("adapters.telemetry", "middleware.tracing"), ("opentelemetry.sdk", "exporter")
print([name for name in sys.modules if any(each in name for each in (*ours, *theirs))])
"""


def test_without_a_collector_nothing_is_traced() -> None:
    assert telemetry(Settings()) is None


def test_without_a_collector_nothing_of_it_is_imported(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVING], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert done.stdout.strip() == "[]", done.stderr


def test_x_rays_steps_need_no_package_and_know_where_the_upstream_is() -> None:
    settings = Settings.model_validate({"xray_steps": True, "upstream_base_url": "https://u/v1"})

    found = telemetry(settings, frozen=True)

    assert found is not None
    assert tuple(found.addresses["upstream"]) == ("u", 443)


def test_headers_for_the_collector_are_read_as_opentelemetry_writes_them() -> None:
    assert otlp_headers("api-key=a%20b, X-Team = c,broken") == {"api-key": "a b", "x-team": "c"}


def test_log_lines_carry_the_trace() -> None:
    record = logging.LogRecord("n", logging.INFO, "p", 1, "said", None, None)
    token = CURRENT.set(RequestEventDraft("req_1", trace_id="abc"))
    try:
        OfRequest().filter(record)
    finally:
        CURRENT.reset(token)

    assert (record.__dict__["request_id"], record.__dict__["trace_id"]) == ("req_1", "abc")


def test_powertools_adds_the_x_ray_trace_to_a_functions_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = f"1-{'a' * 8}-{'b' * 24}"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={root};Parent={'c' * 16};Sampled=1")
    before = logging.getLogger().handlers[:], logging.getLogger().level

    log_as_json("INFO")
    try:
        logging.getLogger("n").warning("said")
    finally:
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)

    assert json.loads(capsys.readouterr().out)["xray_trace_id"] == root


def test_without_the_packages_the_start_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "llm_cache_proxy.adapters.telemetry.otlp", raising=False)
    settings = Settings.model_validate({"otel_exporter_otlp_endpoint": "http://127.0.0.1:4318"})

    with pytest.raises(Exception, match="pip install opentelemetry-sdk opentelemetry-exporter"):
        telemetry(settings)
    assert telemetry(settings, frozen=True) is None
