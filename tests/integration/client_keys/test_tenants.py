"""Tenants never see each other's entries, nor anybody a secret: two real servers on one Redis."""

import httpx
import pytest

from servers.proxy.keyed import ADMIN_KEY, SECRET, UPSTREAM_KEY, KeyedProxies, ask
from servers.waiting import eventually

PROMPT, PARAPHRASE = "What is Rust?", "Tell me what Rust is"


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


def test_a_keys_own_namespace_is_used_unless_another_is_named(
    proxies: KeyedProxies, tenant: str
) -> None:
    shop, plain = proxies.key(tenant, namespace="shop"), proxies.key(tenant)
    ask(proxies.one, shop)

    assert ask(proxies.other, shop).headers["x-cache"] == "HIT-EXACT"
    named = ask(proxies.one, plain, headers={"x-cache-namespace": "shop"})
    assert named.headers["x-cache"] == "HIT-EXACT"
    assert ask(proxies.one, plain).headers["x-cache"] == "MISS"


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
