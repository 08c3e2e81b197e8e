"""The whole stack under `sam local`, as one context manager.

Where no upstream is named, the functions are given the demonstration's address: a function never
answers with it by itself.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from infra.demo_upstream import demo_upstream
from infra.sam_local.machine import architecture, build, say
from infra.sam_local.services import (
    NotStarted,
    Surroundings,
    container,
    free_port,
    from_containers,
    invoke,
    network,
    sam_server,
)

_UPSTREAM = ("GROQ_API_KEY", "UPSTREAM_BASE_URL", "UPSTREAMS")
_PASSED_ON: Sequence[str] = (
    *_UPSTREAM,
    "UPSTREAM_API_KEY",
    "UPSTREAM_KEYS",
    "EMBEDDING_API_KEY",
    "UPSTASH_REDIS_REST_URL",
    "UPSTASH_REDIS_REST_TOKEN",
    "QDRANT_API_KEY",
    "ADMIN_KEY",
)
_TUNED = ("SEMANTIC_PRESET", "SIMILARITY_THRESHOLD", "GUARD_RULES_OFF", "LOG_LEVEL")
# A container starts in seconds where Lambda takes a fraction of one.
_PATIENCE = {
    "EMBED_DEADLINE_SECONDS": "30",
    "SEARCH_DEADLINE_SECONDS": "5",
    "EXACT_DEADLINE_SECONDS": "5",
}


@dataclass(frozen=True, slots=True)
class SamLocal:
    """The API's address, that of direct invocations, and what more commands may be run with."""

    api: str
    functions: str
    around: Surroundings


@contextmanager
def sam_local(
    *, build_dir: Path, port: int, environment: Mapping[str, str] = os.environ
) -> Iterator[SamLocal]:
    """Build, start what is needed, and serve on `port`. Raises NotStarted, CalledProcessError.

    `environment` names a Redis (REDIS_URL or Upstash's) and a Qdrant (QDRANT_URL) where they are
    not to be started here, and an upstream where it is not to be the demonstration.
    """
    parameters = {"Architecture": architecture(), "ResponseTransferMode": "BUFFERED"}
    say("Building the functions and the embedding image (the first time takes minutes) ...")
    build(build_dir=build_dir, parameters=parameters)
    name = f"llm-cache-proxy-{os.getpid()}"
    with ExitStack() as stack:
        gateway = stack.enter_context(network(name))
        variables = {
            "TUNING": json.dumps(_PATIENCE | _given(environment, _TUNED)),
            **_given(environment, _PASSED_ON),
            **_upstream(stack, environment, gateway),
            **_redis(stack, environment, name),
            **_qdrant(stack, environment, name),
        }
        around = Surroundings(build_dir, name, gateway, parameters, variables)
        functions = stack.enter_context(
            sam_server(around, "start-lambda", host=gateway, port=free_port(gateway))
        )
        say("Loading the embedding model ...")
        invoke(functions, "EmbeddingFunction", {"texts": ["ready"]})
        calling = {
            "EMBEDDING_FUNCTION": "EmbeddingFunction",
            "AWS_ENDPOINT_URL_LAMBDA": functions.replace(gateway, "host.docker.internal"),
        }
        around = replace(around, variables={**variables, **calling})
        api = stack.enter_context(sam_server(around, "start-api", host="127.0.0.1", port=port))
        yield SamLocal(api, functions, around)


def _given(environment: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: environment[name] for name in names if environment.get(name)}


def _upstream(stack: ExitStack, environment: Mapping[str, str], gateway: str) -> dict[str, str]:
    if any(environment.get(name) for name in _UPSTREAM):
        return {}
    say("The demonstration answers: GROQ_API_KEY or UPSTREAM_BASE_URL name a real upstream.")
    url = stack.enter_context(demo_upstream(gateway))
    return {"UPSTREAM_BASE_URL": url.replace(gateway, "host.docker.internal")}


def _redis(stack: ExitStack, environment: Mapping[str, str], name: str) -> dict[str, str]:
    if environment.get("UPSTASH_REDIS_REST_URL"):
        return {}
    if environment.get("REDIS_URL"):
        return {"REDIS_URL": from_containers(environment["REDIS_URL"])}
    image = environment.get("REDIS_IMAGE") or "redis:7"
    started = stack.enter_context(container(image, name=f"{name}-redis", network=name))
    return {"REDIS_URL": f"redis://{started}:6379/0"}


def _qdrant(stack: ExitStack, environment: Mapping[str, str], name: str) -> dict[str, str]:
    if environment.get("QDRANT_URL"):
        return {"QDRANT_URL": from_containers(environment["QDRANT_URL"])}
    image = environment.get("QDRANT_IMAGE") or "qdrant/qdrant:v1.17.0"
    try:
        started = stack.enter_context(container(image, name=f"{name}-qdrant", network=name))
    except NotStarted as exc:
        say("Without the semantic tier, for Qdrant cannot be started; QDRANT_URL names another.")
        say(f"  {exc}")
        return {}
    return {"QDRANT_URL": f"http://{started}:6333"}
