"""What tenants and their keys can rely on, with real processes, a real Redis and a real model."""

import itertools
import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import httpx
import openai
import pytest
import redis

from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from servers.proxy.keyed import (
    ADMIN_KEY,
    KEYED,
    MODEL,
    SECRET,
    UPSTREAM_KEY,
    KeyedProxies,
    ask,
    keyed_proxies,
)
from servers.proxy.process import COMMAND, environment, proxy_process
from servers.upstream.answers import chat
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Pause, Step, answer
from servers.waiting import eventually

PROMPT, PARAPHRASE = "What is Rust?", "Tell me what Rust is"
PROMPT_TOKENS = 10  # of every scripted answer
_names = (f"t{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedProxies]:
    folder = tmp_path_factory.mktemp("tenants")
    with keyed_proxies(folder, LOG_LEVEL="DEBUG", LOG_PATH=str(folder / "requests")) as running:
        yield running


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return next(_names)


def cost(answer: httpx.Response) -> tuple[int, float]:
    """Tokens and dollars that an answer of MODEL took."""
    usage = answer.json()["usage"]
    dollars = (usage["prompt_tokens"] * 0.15 + usage["completion_tokens"] * 0.60) / 1e6
    return usage["total_tokens"], dollars


WISHES: list[dict[str, str]] = [
    {},
    {"x-cache-mode": "semantic"},
    {"x-cache-mode": "exact"},
    {"x-cache-threshold": "0"},
    {"x-cache-namespace": "default"},
    {"x-cache-tags": "a"},
    {"cache-control": "max-age=999999999"},
    {"x-tenant": "{owner}", "tenant": "{owner}", "x-cache-tenant": "{owner}"},
    {"openai-organization": "{owner}", "openai-project": "{owner}"},
    {"x-admin-key": ADMIN_KEY},
    {"x-cache-entry": "{entry}", "if-none-match": "{entry}"},
]


@pytest.mark.parametrize("wishes", WISHES, ids=lambda wishes: " ".join(wishes) or "none")
def test_a_tenant_never_gets_anothers_entry_whatever_it_sends(
    proxies: KeyedProxies, tenant: str, wishes: dict[str, str]
) -> None:
    owner, stranger = proxies.key(tenant), proxies.key(f"{tenant}-other")
    first = ask(proxies.one, owner, PROMPT)
    semantic = ask(proxies.one, owner, PARAPHRASE)
    assert (first.headers["x-cache"], semantic.headers["x-cache"]) == ("MISS", "HIT-SEMANTIC")

    filled = {
        name: value.format(owner=tenant, entry=first.headers.get("x-cache-entry", "0"))
        for name, value in wishes.items()
    }
    answers = [
        ask(proxy, stranger, text, filled)
        for text in (PARAPHRASE, PROMPT, "  WHAT is rust? ")
        for proxy in (proxies.one, proxies.other)
    ]

    assert answers[0].headers["x-cache"] == "MISS"
    assert first.json()["id"] == semantic.json()["id"]
    assert first.json()["id"] not in {answer.json()["id"] for answer in answers}
    assert ask(proxies.other, owner, PROMPT).headers["x-cache"] == "HIT-EXACT"


def test_a_tenant_cannot_judge_anothers_entry(proxies: KeyedProxies, tenant: str) -> None:
    owner, stranger = proxies.key(tenant), proxies.key(f"{tenant}-other")
    ask(proxies.one, owner)
    entry = ask(proxies.one, owner).headers["x-cache-entry"]

    refused = httpx.post(
        f"{proxies.one.base_url}/cache/feedback",
        json={"entry": entry, "verdict": "bad"},
        headers={"authorization": f"Bearer {stranger['key']}"},
        timeout=30,
    )

    assert refused.status_code == 404
    assert ask(proxies.one, owner).headers["x-cache"] == "HIT-EXACT"


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
    assert [command.split(" ", 1)[0] for command in watched.commands] == ["EVALSHA"] * 5
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


def test_a_rotated_key_takes_over_and_the_old_one_ends(proxies: KeyedProxies, tenant: str) -> None:
    old = proxies.key(tenant, tokens_per_day=10_000)
    answer = ask(proxies.one, old)
    used = proxies.usage_once_counted(old, cost(answer)[0])

    new = proxies.admin("keys/rotate", id=old["id"])

    assert ask(proxies.one, old).status_code == 401
    assert proxies.used(new)["tokens_today"] == used["tokens_today"]
    assert ask(proxies.one, new).headers["x-cache"] == "HIT-EXACT"


def test_an_answer_is_charged_what_it_cost_and_a_hit_nothing(
    proxies: KeyedProxies, tenant: str
) -> None:
    key = proxies.key(tenant, tokens_per_day=10_000, dollars_per_month=1)

    first = ask(proxies.one, key)
    tokens, dollars = cost(first)
    used = proxies.usage_once_counted(key, tokens)
    hit = ask(proxies.other, key)

    assert used["dollars_this_month"] == pytest.approx(dollars)
    assert hit.headers["x-cache"] == "HIT-EXACT"
    assert hit.headers["x-ratelimit-remaining-tokens"] == str(10_000 - tokens)
    assert proxies.used(key)["tokens_today"] == tokens


@pytest.mark.parametrize(
    "fields", [{"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}]
)
def test_a_stream_is_charged_what_it_cost(
    proxies: KeyedProxies, tenant: str, fields: dict[str, object]
) -> None:
    key = proxies.key(tenant)

    answer = ask(proxies.one, key, PROMPT, None, **fields)

    said = "".join(
        json.loads(line[6:])["choices"][0]["delta"].get("content", "")
        for line in answer.text.splitlines()
        if line.startswith("data: {") and json.loads(line[6:])["choices"]
    )
    tokens = PROMPT_TOKENS + len(said.split())
    assert proxies.usage_once_counted(key, tokens)["tokens_today"] == tokens


def test_a_bypass_and_another_endpoint_are_charged_too(proxies: KeyedProxies, tenant: str) -> None:
    key = proxies.key(tenant)
    bearer = {"authorization": f"Bearer {key['key']}"}

    bypass = ask(proxies.one, key, headers={"x-bypass-cache": "true"})
    first = proxies.usage_once_counted(key, cost(bypass)[0])["tokens_today"]
    embedded = httpx.post(
        f"{proxies.one.base_url}/embeddings",
        json={"model": "text-embedding-3-small", "input": "x"},
        headers=bearer,
        timeout=30,
    )

    assert first == cost(bypass)[0]
    assert embedded.status_code == 200
    assert proxies.usage_once_counted(key, first + 3)["tokens_today"] == first + 3


def test_who_waits_for_anothers_answer_is_charged_nothing(
    proxies: KeyedProxies, tenant: str
) -> None:
    key = proxies.key(tenant, tokens_per_day=100_000)
    text = f"A question that {tenant} asks eight times at once"
    slowly: list[Step] = [Pause(1.0), *answer(chat(text, model=MODEL))]
    proxies.upstream.when(slowly, prompt=text)

    def one(number: int) -> httpx.Response:
        return ask((proxies.one, proxies.other)[number % 2], key, text)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(one, range(8)))

    results = Counter(result.headers["x-cache"] for result in answers)
    assert results["MISS"] == 1
    assert results["COALESCED"] > 0
    tokens = cost(answers[0])[0]
    assert proxies.usage_once_counted(key, tokens)["tokens_today"] == tokens


def test_a_budget_has_room_for_what_it_has_and_stored_answers_stay(
    proxies: KeyedProxies, tenant: str
) -> None:
    key = proxies.key(tenant, tokens_per_day=150)
    first = ask(proxies.one, key, max_tokens=50)

    refused = ask(proxies.other, key, "Something else altogether", max_tokens=500)

    assert first.status_code == 200
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert refused.headers["x-should-retry"] == "false"
    assert ask(proxies.other, key, max_tokens=50).headers["x-cache"] == "HIT-EXACT"


def test_budgets_hold_under_concurrency(proxies: KeyedProxies, tenant: str) -> None:
    """Each request is expected to take about 160 tokens: six of them fit in a thousand."""
    key = proxies.key(tenant, tokens_per_day=1_000)

    def one(number: int) -> int:
        proxy = (proxies.one, proxies.other)[number % 2]
        text = f"Question {number} of {tenant}"
        return ask(proxy, key, text, {"x-cache-mode": "exact"}, max_tokens=100).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = Counter(threads.map(one, range(60)))

    assert set(statuses) == {200, 429}
    assert proxies.used(key)["tokens_today"] <= 1_000


@pytest.mark.parametrize(
    ("limits", "model", "status", "code"),
    [
        ({"dollars_per_month": 1}, "a-model-without-a-price", 403, "price_unknown"),
        ({"models": ["gpt-4o"]}, MODEL, 403, "model_not_allowed"),
        ({"dollars_per_month": "0.0000001"}, MODEL, 429, "insufficient_quota"),
    ],
)
def test_what_a_key_may_not_have_never_reaches_the_upstream(
    proxies: KeyedProxies,
    tenant: str,
    limits: dict[str, object],
    model: str,
    status: int,
    code: str,
) -> None:
    key = proxies.key(tenant, **limits)
    before = len(proxies.upstream.requests)

    answer = ask(proxies.one, key, model=model)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len(proxies.upstream.requests) == before


def test_a_keys_own_namespace_is_used_unless_another_is_named(
    proxies: KeyedProxies, tenant: str
) -> None:
    shop, plain = proxies.key(tenant, namespace="shop"), proxies.key(tenant)
    ask(proxies.one, shop)

    assert ask(proxies.other, shop).headers["x-cache"] == "HIT-EXACT"
    named = ask(proxies.one, plain, headers={"x-cache-namespace": "shop"})
    assert named.headers["x-cache"] == "HIT-EXACT"
    assert ask(proxies.one, plain).headers["x-cache"] == "MISS"


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


def test_no_client_key_goes_upstream_and_no_secret_leaks(
    proxies: KeyedProxies, tenant: str
) -> None:
    key = proxies.key(tenant)
    bearer = {"authorization": f"Bearer {key['key']}", "x-api-key": key["key"]}
    signature = key["key"].rsplit(".", 1)[1]
    texts = [
        ask(proxies.one, key, stream=True).text,
        ask(proxies.one, key, headers={"x-bypass-cache": "true"}).text,
        ask(proxies.one, key["key"][:-3]).text,
        httpx.post(
            f"{proxies.one.base_url}/embeddings",
            headers=bearer,
            json={"model": "e", "input": "x"},
            timeout=30,
        ).text,
        httpx.get(f"{proxies.one.base_url}/models", headers=bearer, timeout=30).text,
        httpx.post(f"{proxies.one.base_url}/files", headers=bearer, timeout=30).text,
        httpx.get(
            f"{proxies.one.url}/admin/config", headers={"x-admin-key": ADMIN_KEY}, timeout=30
        ).text,
        httpx.get(
            f"{proxies.one.url}/admin/keys", headers={"x-admin-key": ADMIN_KEY}, timeout=30
        ).text,
    ]
    files = [path for path in proxies.folder.iterdir() if path.is_file()]

    def logs() -> list[str]:
        return [path.read_text("utf-8", "replace") for path in files]

    # The request log is written by a thread of its own.
    eventually(lambda: any(tenant in log for log in logs()))

    sent = [(request.headers, request.query, request.body) for request in proxies.upstream.requests]
    assert {headers.get("authorization") for headers, _, _ in sent} == {f"Bearer {UPSTREAM_KEY}"}
    assert "lcp_" not in repr(sent)
    for text in [*texts, *logs()]:
        for secret in (signature[:-3], SECRET, ADMIN_KEY, UPSTREAM_KEY):
            assert secret not in text


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
