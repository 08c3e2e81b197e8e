"""Who is let in, how often, and for how long: two real servers on one Redis."""

import json
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import httpx
import openai
import pytest
import redis

from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from servers.proxy.keyed import ADMIN_KEY, KEYED, MODEL, SECRET, KeyedProxies, ask
from servers.proxy.process import COMMAND, environment, proxy_process
from servers.upstream.scripted import ScriptedUpstream

PROMPT = "What is Rust?"


class Watched:
    """The commands that a Redis gets while the block runs, without those of scripts."""

    def __init__(self, url: str) -> None:
        self._client, self._ender = redis.Redis.from_url(url), redis.Redis.from_url(url)
        self.commands: list[str] = []

    def __enter__(self) -> Self:
        self._ender.ping()  # connected before anything is watched
        self._monitor = self._client.monitor()  # type: ignore[no-untyped-call]  # redis-py
        self._monitor.__enter__()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ender.echo("the end")
        self._thread.join(60)

    def _read(self) -> None:
        for line in self._monitor.listen():
            if line["command"] == "ECHO the end":
                return
            if line["client_type"] != "lua":
                self.commands.append(line["command"])


def test_a_hit_costs_one_redis_command_with_key_limits_lookup_and_counters(
    proxies: KeyedProxies, tenant: str
) -> None:
    limits = {"requests_per_minute": 100, "tokens_per_day": 10**6, "dollars_per_month": 5}
    key = proxies.key(tenant, **limits, models=[MODEL])
    ask(proxies.one, key)
    ask(proxies.one, key)

    with Watched(proxies.redis_url) as watched:
        hits = [ask(proxies.one, key) for _ in range(5)]

    assert [hit.headers["x-cache"] for hit in hits] == ["HIT-EXACT"] * 5
    # Each key carries its tenant; what servers do once a minute concerns others as well.
    ours = [command for command in watched.commands if f"{{{tenant}}}" in command]
    assert [command.split(" ", 1)[0] for command in ours] == ["EVALSHA"] * 5
    assert hits[-1].headers["x-ratelimit-remaining-requests"] == "93"
    metrics = httpx.get(
        f"{proxies.one.url}/metrics",
        params={"tenant": tenant},
        headers={"x-admin-key": ADMIN_KEY},
        timeout=30,
    ).json()
    assert metrics["cache_performance"]["exact_hits"] == 6


def test_a_limit_is_exact_over_processes_under_concurrency(
    proxies: KeyedProxies, tenant: str
) -> None:
    limit, asked = 25, 80
    key = proxies.key(tenant, requests_per_minute=limit)
    begun = time.monotonic()

    def one(number: int) -> httpx.Response:
        proxy = (proxies.one, proxies.other)[number % 2]
        return ask(proxy, key, f"Question number {number % 7}?", {"x-cache-mode": "exact"})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(one, range(asked)))
    assert time.monotonic() - begun < 60, "a second window has begun: the machine is too busy"

    assert Counter(answer.status_code for answer in answers) == {200: limit, 429: asked - limit}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-ratelimit-limit-requests"] == str(limit)
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.headers["x-ratelimit-reset-requests"].endswith("s")


def test_a_revocation_takes_effect_on_the_next_request_everywhere(
    proxies: KeyedProxies, tenant: str
) -> None:
    key, kept = proxies.key(tenant), proxies.key(tenant)
    assert [ask(proxy, key).status_code for proxy in (proxies.one, proxies.other)] == [200, 200]

    proxies.admin("keys/revoke", id=key["id"])

    answers = [ask(proxy, key) for proxy in (proxies.one, proxies.other)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert {answer.json()["error"]["code"] for answer in answers} == {"revoked_api_key"}
    assert ask(proxies.one, kept).status_code == 200


@pytest.mark.parametrize("path", ["chat/completions", "models", "embeddings", "responses", "files"])
def test_without_a_key_nothing_is_served(proxies: KeyedProxies, path: str) -> None:
    method = "GET" if path == "models" else "POST"

    answers = [
        httpx.request(method, f"{proxies.one.base_url}/{path}", headers=headers, timeout=30)
        for headers in ({}, {"authorization": "Bearer sk-wrong"}, {"x-admin-key": ADMIN_KEY})
    ]

    assert [answer.status_code for answer in answers] == [401] * 3


def test_every_endpoint_asks_the_keys_record(proxies: KeyedProxies, tenant: str) -> None:
    """A signature alone opens nothing while the records can be read."""
    unknown = KeyRing(SECRET.encode()).issue(tenant, "0" * 16)
    bearer = {"authorization": f"Bearer {unknown}"}
    base = proxies.one.base_url

    answers = [
        ask(proxies.one, unknown),
        ask(proxies.one, unknown, headers={"x-bypass-cache": "true"}),
        httpx.get(f"{base}/models", headers=bearer, timeout=30),
        httpx.get(f"{base}/models/x", headers=bearer, timeout=30),
        httpx.post(
            f"{base}/responses", headers=bearer, json={"model": MODEL, "input": "x"}, timeout=30
        ),
        httpx.post(
            f"{base}/completions", headers=bearer, json={"model": MODEL, "prompt": "x"}, timeout=30
        ),
        httpx.post(
            f"{base}/embeddings",
            headers=bearer,
            json={"model": "all-MiniLM-L6-v2", "input": "x"},
            timeout=30,
        ),
        httpx.post(
            f"{base}/embeddings", headers=bearer, json={"model": "y", "input": "x"}, timeout=30
        ),
        httpx.post(
            f"{base}/cache/feedback",
            headers=bearer,
            json={"entry": "e", "verdict": "bad"},
            timeout=30,
        ),
    ]

    assert [answer.status_code for answer in answers] == [401] * len(answers)


def test_numbers_and_administration_want_the_admin_key(proxies: KeyedProxies, tenant: str) -> None:
    key = proxies.key(tenant)
    paths = ("/metrics", "/dashboard/data", "/admin/keys", "/admin/stats")

    strangers = [
        httpx.get(f"{proxies.one.url}{path}", headers=headers, timeout=30).status_code
        for path in paths
        for headers in ({}, {"authorization": f"Bearer {key['key']}"})
    ]

    assert strangers == [401] * len(strangers)


def test_the_official_sdk_raises_its_own_errors(proxies: KeyedProxies, tenant: str) -> None:
    def client(key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=proxies.one.base_url, api_key=key, max_retries=0)

    def chat(key: str) -> Any:
        messages: Any = [{"role": "user", "content": PROMPT}]
        return client(key).chat.completions.create(model=MODEL, messages=messages)

    fine = proxies.key(tenant, requests_per_minute=1)
    other = proxies.key(tenant, models=["gpt-4o"])

    with pytest.raises(openai.AuthenticationError):
        chat("sk-wrong")
    with pytest.raises(openai.PermissionDeniedError):
        chat(other["key"])
    assert chat(fine["key"]).choices[0].message.content
    with pytest.raises(openai.RateLimitError) as limited:
        chat(fine["key"])
    assert limited.value.code == "rate_limit_exceeded"


def test_keys_are_managed_from_the_command_line(proxies: KeyedProxies, tenant: str) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, "admin", "keys", *arguments, "--url", proxies.one.url],
            env=environment(proxies.folder / "cli", {"ADMIN_KEY": ADMIN_KEY, "COLUMNS": "160"}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    made = run("create", tenant, "--name", "ci", "--requests-per-minute", "5", "--model", MODEL)
    key = made.stdout.strip().splitlines()[-1]
    answer = ask(proxies.one, key)
    listed = run("list", "--tenant", tenant)
    rotated = json.loads(run("rotate", key, "--json").stdout)
    revoked = run("revoke", rotated["id"], "--yes")
    unknown = run("revoke", f"{tenant}.{'0' * 16}", "--yes")

    assert answer.status_code == 200
    assert key not in listed.stdout
    assert ".".join(key.removeprefix("lcp_").split(".")[:2]) in listed.stdout
    assert (revoked.returncode, "revoked" in revoked.stdout) == (0, True)
    assert (unknown.returncode, "no key" in unknown.stderr) == (1, True)
    assert [ask(proxies.one, given).status_code for given in (key, rotated["key"])] == [401, 401]


def test_while_redis_is_unavailable_a_signed_key_is_served_at_a_modest_rate(tmp_path: Path) -> None:
    ring = KeyRing(SECRET.encode())
    key, other = (ring.issue(tenant, "0" * 16) for tenant in ("acme", "umbrella"))
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            tmp_path / "data",
            **KEYED,
            REDIS_URL="redis://127.0.0.1:9",
            UPSTREAM_BASE_URL=upstream.base_url,
            UNCHECKED_REQUESTS_PER_MINUTE="3",
        ) as proxy,
    ):
        answers = [ask(proxy, key, f"Question {number}") for number in range(5)]
        others = ask(proxy, other)
        forged = ask(proxy, key[:-1])

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[0].headers["x-cache-reason"] == "exact-unavailable"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert (others.status_code, forged.status_code) == (200, 401)


def test_keys_signed_by_the_previous_secret_are_served_while_it_is_replaced(
    tmp_path: Path,
) -> None:
    previous = "the-signing-secret-before-this-one-was-set"
    key = KeyRing(previous.encode()).issue("acme", "0" * 16)
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            tmp_path / "data",
            **KEYED,
            KEY_SIGNING_SECRET_PREVIOUS=previous,
            UPSTREAM_BASE_URL=upstream.base_url,
        ) as proxy,
    ):
        made = httpx.post(
            f"{proxy.url}/admin/keys/create",
            json={"tenant": "acme", "name": "new"},
            headers={"x-admin-key": ADMIN_KEY},
            timeout=30,
        ).json()

        assert ask(proxy, made["key"]).status_code == 200
        assert ask(proxy, key).json()["error"]["code"] == "invalid_api_key"  # signed, not recorded

        rekeyed = KeyRing(previous.encode()).issue("acme", made["id"].split(".")[1])
        assert ask(proxy, rekeyed).headers["x-cache"] == "HIT-EXACT"


def test_a_keyed_server_without_an_admin_key_does_not_start(tmp_path: Path) -> None:
    settings = {name: value for name, value in KEYED.items() if name != "ADMIN_KEY"}

    ended = subprocess.run(
        [COMMAND, "serve"],
        env=environment(tmp_path / "data", settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert "ADMIN_KEY" in ended.stderr
    assert SECRET not in ended.stderr
