"""Facts about what the completions function writes to standard output, as Lambda runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

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
PROMPT = "What is the secret of Rust?"


def test_each_invocation_writes_one_line_that_is_log_and_metrics() -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}]}
    trace = {"x-amzn-trace-id": "Root=1-2-3"}
    asked = rest_event("POST", "/v1/chat/completions", body, **trace)
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in ours}

    with redis_process() as redis, ScriptedUpstream().in_thread() as upstream:
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
            },
            input=json.dumps([asked, asked]),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    missed, hit = [json.loads(line) for line in done.stdout.splitlines() if "_aws" in line]
    assert (missed["tier"], hit["tier"]) == ("MISS", "HIT-EXACT")
    assert (missed["ColdStart"], "ColdStart" in hit) == ([1.0], False)
    assert missed["TokensUsed"] == hit["TokensSaved"]
    assert hit["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "LlmCacheProxy/s"
    assert hit["correlation_id"] == "Root=1-2-3"
    assert "secret" not in done.stdout + done.stderr
