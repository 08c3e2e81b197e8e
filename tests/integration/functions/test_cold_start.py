"""What a fresh instance of the completions function imports before it answers a stored request."""

import json
import subprocess
import sys

import pytest
from infra.demo_upstream import demo_upstream

from samples.stack.template import ROOT
from servers.proxy.process import environment
from servers.redis.process import redis_process

# Powertools names itself to botocore, whose first module alone is light.
HEAVY = ("numpy", "grpc", "qdrant_client.http", "boto3", "botocore.session", "onnxruntime")
INSTANCE = """
import json, sys
import handler
answer = handler.handler(json.loads(sys.argv[1]), None)
loaded = sorted(set(sys.argv[2].split(",")) & set(sys.modules))
print(json.dumps({"x_cache": answer["headers"]["x-cache"], "loaded": loaded}))
"""
EVENT = {
    "resource": "/v1/chat/completions",
    "path": "/v1/chat/completions",
    "httpMethod": "POST",
    "headers": {"content-type": "application/json"},
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "requestContext": {"identity": {"sourceIp": "192.0.2.1"}, "stage": "live"},
    "body": json.dumps({"model": "m", "messages": [{"role": "user", "content": "What is Rust?"}]}),
    "isBase64Encoded": False,
}


@pytest.fixture
def semantic_parts() -> dict[str, str]:
    """A semantic tier that is configured, and that nobody can reach."""
    return {"QDRANT_URL": "http://127.0.0.1:9", "EMBEDDING_FUNCTION": "embedding:live"}


def instance(redis_url: str, settings: dict[str, str], **more: str) -> dict[str, object]:
    """What one invocation of a new process says."""
    done = subprocess.run(
        [sys.executable, "-c", INSTANCE, json.dumps(EVENT), ",".join(HEAVY)],
        env=environment(ROOT / "build", {"REDIS_URL": redis_url, **settings, **more}),
        cwd=ROOT / "functions" / "completions",
        capture_output=True,
        check=True,
        timeout=180,
    )
    said: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_a_first_exact_hit_imports_nothing_of_the_semantic_tier(
    semantic_parts: dict[str, str],
) -> None:
    with redis_process() as redis_url, demo_upstream("127.0.0.1") as upstream:
        asked = {"UPSTREAM_BASE_URL": upstream}
        stored = instance(redis_url, asked)
        found = instance(redis_url, semantic_parts | asked)

    assert stored["x_cache"] == "MISS"
    assert found == {"x_cache": "HIT-EXACT", "loaded": []}
