"""Facts about what the completions function writes to standard output, as Lambda runs it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from llm_cache_proxy.settings import Settings
from servers.aws.lambda_emulator import rest_event
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

ROOT = Path(__file__).parents[3]
INVOKING = """
import json, sys
sys.path.insert(0, "functions/completions")
import handler
for event in json.load(sys.stdin):
    assert handler.handler(event, None)["statusCode"] == 200
"""
ROOT_ID = f"1-{'a' * 8}-{'b' * 24}"
PROMPT = "What is the secret of Rust?"


def segments(daemon: socket.socket) -> list[dict[str, Any]]:
    """What the daemon has received by now."""
    daemon.setblocking(False)
    received = []
    with contextlib.suppress(BlockingIOError):
        while True:
            head, body = daemon.recv(65_536).split(b"\n", 1)
            assert json.loads(head) == {"format": "json", "version": 1}
            received.append(json.loads(body))
            assert received[-1]["trace_id"] == ROOT_ID
    return received


def test_each_invocation_writes_one_line_that_is_log_and_metrics() -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}]}
    header = f"Root={ROOT_ID};Parent={'5' * 16};Sampled=1"
    trace = {"x-amzn-trace-id": header}
    asked = rest_event("POST", "/v1/chat/completions", body, **trace)
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in ours}

    with (
        redis_process() as redis,
        ScriptedUpstream().in_thread() as upstream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon,
    ):
        daemon.bind(("127.0.0.1", 0))
        done = subprocess.run(
            [sys.executable, "-c", INVOKING],
            cwd=ROOT,
            env={
                **kept,
                "REDIS_URL": redis,
                "UPSTREAM_BASE_URL": upstream.base_url,
                "UPSTREAM_API_KEY": "k",
                "METRICS_NAMESPACE": "LlmCacheProxy/s",
                "EXACT_DEADLINE_SECONDS": "10",
                "XRAY_STEPS": "true",
                "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            },
            input=json.dumps([asked, asked]),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

        steps = [sent["name"] for sent in segments(daemon)]

    assert done.returncode == 0, done.stderr
    request = "POST /v1/chat/completions"
    assert steps == ["exact lookup", "chat gpt-4o-mini", "store", request, "exact lookup", request]
    missed, hit = [json.loads(line) for line in done.stdout.splitlines() if "_aws" in line]
    assert (missed["tier"], hit["tier"]) == ("MISS", "HIT-EXACT")
    assert (missed["ColdStart"], "ColdStart" in hit) == ([1.0], False)
    assert missed["TokensUsed"] == hit["TokensSaved"]
    assert hit["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "LlmCacheProxy/s"
    assert hit["correlation_id"] == header
    assert "secret" not in done.stdout + done.stderr
