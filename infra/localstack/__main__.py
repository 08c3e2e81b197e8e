"""`python -m infra.localstack`: start LocalStack and what the stack talks to, and deploy."""
# ruff: noqa: S603 - starts docker, with arguments of its own

import json
import os
import subprocess
import sys
from pathlib import Path

from infra.localstack.bundle import bundle
from infra.localstack.deployment import REGISTRY, LocalAws, NotDeployed
from infra.sam_local.machine import architecture, build, no_engine, say
from infra.tools import ROOT, NotInstalled

_COMPOSE = ("docker", "compose", "--file", "localstack-compose.yml", "--profile", "localstack")
_BUILT = ROOT / "build" / "localstack"
_INVOKE = "2015-03-31/functions/function/invocations"
# Names of localstack-compose.yml's services, whose network LocalStack starts functions in.
_PARAMETERS = {
    "ResponseTransferMode": "BUFFERED",
    "QdrantUrl": "http://qdrant:6333",
    "EmbeddingUrl": f"http://embedding:8080/{_INVOKE}",
    "AlarmAddress": "none",
    "RequestsPerAddress": "0",
}
_TUNING = {
    "ACCESS_MODE": "open",
    "EXACT_DEADLINE_SECONDS": 5,
    "SEARCH_DEADLINE_SECONDS": 5,
    "EMBED_DEADLINE_SECONDS": 20,
}
_SECRETS = {
    "REDIS_URL": "redis://redis:6379/0",
    "ADMIN_KEY": "local",
    "TUNING": json.dumps(_TUNING),
}
_DEMONSTRATION = "http://upstream:8090/v1"
_PASSED_ON = ("GROQ_API_KEY", "UPSTREAM_API_KEY")


def main() -> int:
    """Exit status 0 once the stack answers, 1 where a part cannot be had."""
    if missing := no_engine():
        say(f"Docker: {missing}")
        return 1
    aws = LocalAws(os.environ.get("AWS_ENDPOINT_URL") or "http://127.0.0.1:4566", "llm-cache-proxy")
    try:
        say("Starting LocalStack, Redis, Qdrant and the embedding container ...")
        subprocess.run([*_COMPOSE, "up", "--detach", "--wait"], cwd=ROOT, check=True)
        say("Building the functions (the first time takes minutes) ...")
        aws.store_secrets({**_SECRETS, **_from_environment()})
        parameters = {"Architecture": architecture(), **_PARAMETERS, **_upstream()}
        aws.deploy(_bundled(parameters), parameters)
    except (subprocess.CalledProcessError, NotInstalled, NotDeployed) as exc:
        say(f"The stack cannot be deployed: {exc}")
        return 1
    say(f"\nbase_url: {aws.api_url()}/v1   admin key: {_SECRETS['ADMIN_KEY']}")
    say(f"Stop it: {' '.join(_COMPOSE)} down --volumes")
    return 0


def _bundled(parameters: dict[str, str]) -> Path:
    build(build_dir=_BUILT, parameters=parameters)
    return bundle(_BUILT / "template.yaml", image_uri=f"{REGISTRY}:latest")


def _from_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}


def _upstream() -> dict[str, str]:
    if url := os.environ.get("UPSTREAM_BASE_URL"):
        return {"UpstreamBaseUrl": url}
    return {} if os.environ.get("GROQ_API_KEY") else {"UpstreamBaseUrl": _DEMONSTRATION}


if __name__ == "__main__":
    sys.exit(main())
