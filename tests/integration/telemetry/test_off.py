"""Facts about the running command without tracing: what it imports, and what it does with none."""

from pathlib import Path

import httpx

from servers.otlp import Collector
from servers.proxy.process import proxy_process
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream

OURS = ("adapters.telemetry", "middleware.tracing", "opentelemetry.exporter")
"""Redis's client imports OpenTelemetry's SDK by itself, where it finds it; no exporter, though."""
QUESTIONS = ("What is Rust?", "What is Rust?", "Tell me what Rust is")


def served_with(folder: Path, **settings: str) -> tuple[list[str], list[str]]:
    """What three requests became, and the modules of tracing that the process has imported."""
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            folder / "data",
            PYTHONPROFILEIMPORTTIME="1",  # a line on standard error for each import
            UPSTREAM_BASE_URL=upstream.base_url,
            **settings,
        ) as proxy,
    ):
        became = [ask(proxy.base_url, question) for question in QUESTIONS]
    lines = (folder / "data.log").read_text("utf-8").splitlines()
    imported = [line.rpartition("|")[2].strip() for line in lines if line.startswith("import time")]
    assert "llm_cache_proxy.pipeline.proxy" in imported
    return became, [name for name in imported if any(each in name for each in OURS)]


def ask(base_url: str, question: str) -> str:
    fields = {"model": "m", "messages": [{"role": "user", "content": question}]}
    answer = httpx.post(f"{base_url}/chat/completions", json=fields, timeout=60)
    return str(answer.headers["x-cache"])


def test_without_a_collector_nothing_of_tracing_is_ever_imported(tmp_path: Path) -> None:
    became, imported = served_with(tmp_path)

    assert became == ["MISS", "HIT-EXACT", "HIT-SEMANTIC"]
    assert imported == []


def test_with_a_collector_it_is_imported(tmp_path: Path) -> None:
    with ThreadServer(Collector().app).running() as collector:
        _, imported = served_with(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)

    assert "llm_cache_proxy.adapters.telemetry.otlp" in imported
    assert "opentelemetry.exporter.otlp.proto.http" in imported
