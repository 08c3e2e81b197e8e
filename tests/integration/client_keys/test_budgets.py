"""What a key is charged with and may spend, by two real servers on one Redis."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from servers.proxy.keyed import MODEL, KeyedProxies, ask
from servers.upstream.answers import chat
from servers.upstream.scripts import Pause, Step, answer
from servers.waiting import within_one_day

PROMPT = "What is Rust?"
PROMPT_TOKENS = 10  # of every scripted answer
_LONGEST_TEST_SECONDS = 60


@pytest.fixture(autouse=True)
def one_day() -> None:
    """A day begins before a test rather than in it: with it, what a key has used does."""
    within_one_day(_LONGEST_TEST_SECONDS)


def cost(answer: httpx.Response) -> tuple[int, float]:
    """Tokens and dollars that an answer of MODEL took."""
    usage = answer.json()["usage"]
    dollars = (usage["prompt_tokens"] * 0.15 + usage["completion_tokens"] * 0.60) / 1e6
    return usage["total_tokens"], dollars


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
