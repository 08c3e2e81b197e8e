"""No secret and no prompt in what the proxy says, at its most talkative and all failing."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from servers.proxy.process import ProxyProcess, proxy_process
from servers.qdrant.rest_server import QdrantRest
from servers.redis.mortal import MortalRedis
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer

SECRETS = {
    "UPSTREAM_API_KEY": "mark-upstream-key",
    "QDRANT_API_KEY": "mark-qdrant-key",
    "ADMIN_KEY": "mark-admin-key",
}
REDIS_PASSWORD = "mark-redis-password"
CLIENT_KEY = "mark-client-key"
PROMPT = "mark-prompt What is the answer to this?"
PATHS = (
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/responses"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/moderations"),
    ("GET", "/v1/models"),
    ("GET", "/metrics"),
    ("GET", "/metrics?format=prometheus"),
    ("GET", "/health"),
    ("GET", "/dashboard"),
    ("GET", "/admin/stats"),
    ("GET", "/admin/config"),
    ("GET", "/admin/health"),
    ("GET", "/nowhere"),
)


@pytest.fixture(scope="module", params=["all well", "all failing"])
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everything that came out of a proxy: answers with their headers, its log, its request log."""
    failing = request.param == "all failing"
    folder = tmp_path_factory.mktemp("secrets")
    with ExitStack() as stack:
        redis = stack.enter_context(MortalRedis().running())
        redis.command("CONFIG", "SET", "requirepass", "other" if failing else REDIS_PASSWORD)
        qdrant = ThreadServer(QdrantRest(api_key="other" if failing else SECRETS["QDRANT_API_KEY"]))
        qdrant.start()
        stack.callback(qdrant.stop)
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        if failing:
            refusal = {"error": {"message": "Incorrect API key", "type": "x", "code": "y"}}
            upstream.when(answer(refusal, status=401))
        proxy = stack.enter_context(
            proxy_process(
                folder / "data",
                REDIS_URL=f"redis://:{REDIS_PASSWORD}@127.0.0.1:{redis.port}/0",
                QDRANT_URL=qdrant.url,
                UPSTREAM_BASE_URL=upstream.base_url,
                LOG_LEVEL="DEBUG",
                LOG_PATH=str(folder / "requests.jsonl"),
                **SECRETS,
            )
        )
        answers = list(asked(proxy))
    written = [path.read_text("utf-8", "replace") for path in folder.glob("*.*")]
    return "\n".join([proxy.printed, *answers, *written])


def asked(proxy: ProxyProcess) -> Iterator[str]:
    """Each answer as text, as a client with a key and as an operator with one, twice."""
    fields = {
        "model": "m",
        "messages": [{"role": "user", "content": PROMPT}],
        "input": PROMPT,
        "prompt": PROMPT,
    }
    for key in (CLIENT_KEY, SECRETS["ADMIN_KEY"]) * 2:
        headers = {
            "authorization": f"Bearer {key}",
            "x-admin-key": key,
            "content-type": "application/json",
        }
        for method, path in PATHS:
            body = json.dumps(fields) if method == "POST" else None
            result = httpx.request(
                method, f"{proxy.url}{path}", content=body, headers=headers, timeout=30
            )
            yield f"{result.headers}\n{without_echo(result)}"


def without_echo(result: httpx.Response) -> str:
    """The answer's text, but for the prompt that the upstream itself repeated."""
    return result.text.replace(PROMPT, "") if result.is_success else result.text


def test_what_is_secret_is_never_said(said: str) -> None:
    answer = [*SECRETS.values(), REDIS_PASSWORD, CLIENT_KEY, "mark-prompt"]

    assert "req_" in said
    assert [secret for secret in answer if secret in said] == []
