"""Feedback on answers: over HTTP by clients, and by operators in each of their ways."""

import asyncio
from pathlib import Path

import httpx
from click.testing import CliRunner

from llm_cache_proxy.adapters.exact_store.sqlite.store import sqlite_exact_store
from llm_cache_proxy.cli.admin.commands import admin
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.client_keys.limits import KeyRecord
from servers.proxy.process import ProxyProcess, proxy_process
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

PROMPT = "How do I boil an egg?"
SECRET = "a secret that signs the keys of clients"
PARAPHRASE = "How can I boil an egg?"


def ask(proxy: ProxyProcess, text: str, key: str = "any") -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return _post(proxy, "chat/completions", body, key)


def feedback(proxy: ProxyProcess, key: str = "any", **fields: object) -> httpx.Response:
    return _post(proxy, "cache/feedback", fields, key)


def _post(proxy: ProxyProcess, path: str, body: object, key: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{proxy.base_url}/{path}", json=body, headers=headers, timeout=30)


def seen(answer: httpx.Response) -> tuple[str, str]:
    return answer.headers["x-cache"], answer.headers["x-cache-reason"]


def clear(proxy: ProxyProcess) -> None:
    answer = httpx.post(f"{proxy.url}/admin/cache/clear", json={"all": True}, timeout=30)
    answer.raise_for_status()


def check_that_a_bad_pair_stays_away(proxy: ProxyProcess) -> None:
    first = ask(proxy, PROMPT)
    semantic = ask(proxy, PARAPHRASE)
    assert (semantic.headers["x-cache"], semantic.content) == ("HIT-SEMANTIC", first.content)

    answer = feedback(proxy, entry=semantic.headers["x-cache-entry"], verdict="bad")
    again, other = ask(proxy, PROMPT), ask(proxy, PARAPHRASE)

    assert answer.json()["evicted"] == {"exact": 1, "semantic": 1, "aliases": 1}
    assert answer.json()["pair_barred"] is True
    assert answer.headers["x-request-id"]
    assert again.headers["x-cache"] == "MISS"
    assert seen(other) == ("MISS", "feedback")
    assert seen(ask(proxy, PARAPHRASE)) == ("HIT-EXACT", "identical")


def test_a_bad_pair_stays_away_on_embedded_parts_and_after_a_restart(tmp_path: Path) -> None:
    with ScriptedUpstream().in_thread() as upstream:
        with proxy_process(tmp_path / "d", UPSTREAM_BASE_URL=upstream.base_url) as proxy:
            check_that_a_bad_pair_stays_away(proxy)
            httpx.post(
                f"{proxy.url}/admin/cache/clear", json={"all": True}, timeout=30
            ).raise_for_status()
        with proxy_process(tmp_path / "d", UPSTREAM_BASE_URL=upstream.base_url) as proxy:
            ask(proxy, PROMPT)

            assert seen(ask(proxy, PARAPHRASE)) == ("MISS", "feedback")


def test_a_bad_pair_stays_away_for_every_process_on_one_redis(tmp_path: Path) -> None:
    with redis_process() as redis_url, ScriptedUpstream().in_thread() as upstream:
        given = {"REDIS_URL": redis_url, "UPSTREAM_BASE_URL": upstream.base_url}
        with proxy_process(tmp_path / "a", **given) as proxy:
            check_that_a_bad_pair_stays_away(proxy)
            httpx.post(
                f"{proxy.url}/admin/cache/clear", json={"all": True}, timeout=30
            ).raise_for_status()
        with proxy_process(tmp_path / "b", **given) as proxy:
            ask(proxy, PROMPT)

            assert seen(ask(proxy, PARAPHRASE)) == ("MISS", "feedback")


def test_operators_give_feedback_over_http_and_on_the_command_line(tmp_path: Path) -> None:
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            tmp_path / "d", UPSTREAM_BASE_URL=upstream.base_url, ADMIN_KEY="word"
        ) as proxy,
    ):
        ask(proxy, PROMPT)
        handle = ask(proxy, PARAPHRASE).headers["x-cache-entry"]
        body = {"entry": handle, "verdict": "bad"}

        refused = httpx.post(f"{proxy.url}/admin/feedback", json=body, timeout=30)
        given = httpx.post(
            f"{proxy.url}/admin/feedback", json=body, headers={"x-admin-key": "word"}, timeout=30
        )
        lifted = CliRunner().invoke(
            admin, ["feedback", handle, "good", "--url", proxy.url], env={"ADMIN_KEY": "word"}
        )
        ask(proxy, PROMPT)

        assert refused.status_code == 401
        assert given.json()["pair_barred"] is True
        assert (lifted.exit_code, "may match" in lifted.output) == (0, True)
        assert ask(proxy, PARAPHRASE).headers["x-cache"] == "HIT-SEMANTIC"


async def keys(path: Path, *tenants: str) -> list[str]:
    """A key for each tenant, kept where the proxy looks for them."""
    store, key_id = sqlite_exact_store(path, timeout_seconds=5), "1" * 16
    for tenant in tenants:
        assert await store.write_key(tenant, key_id, KeyRecord(name="test", created_at=1))
    await store.aclose()
    return [KeyRing(SECRET.encode()).issue(tenant, key_id) for tenant in tenants]


def test_a_client_key_reaches_its_own_tenants_entries_alone(tmp_path: Path) -> None:
    mine, theirs = asyncio.run(keys(tmp_path / "d" / "exact.sqlite3", "mine", "theirs"))
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            tmp_path / "d",
            UPSTREAM_BASE_URL=upstream.base_url,
            ACCESS_MODE="keyed",
            KEY_SIGNING_SECRET=SECRET,
            ADMIN_KEY="word",
        ) as proxy,
    ):
        ask(proxy, PROMPT, theirs)
        handle = ask(proxy, PROMPT, theirs).headers["x-cache-entry"]

        refused = feedback(proxy, "nonsense", entry=handle, verdict="bad")
        elsewhere = feedback(proxy, mine, entry=handle, verdict="bad")
        untouched = ask(proxy, PROMPT, theirs)
        evicted = feedback(proxy, theirs, entry=handle, verdict="bad")

        assert [refused.status_code, elsewhere.status_code] == [401, 404]
        assert untouched.headers["x-cache"] == "HIT-EXACT"
        assert evicted.json()["evicted"]["exact"] == 1


def test_feedback_that_cannot_be_taken_is_answered_in_openais_shape(tmp_path: Path) -> None:
    with proxy_process(tmp_path / "d") as proxy:
        answers = [
            feedback(proxy, entry="0" * 24, verdict="bad"),
            feedback(proxy, entry="nonsense", verdict="bad"),
            feedback(proxy, entry="0" * 24, verdict="meh"),
            feedback(proxy),
        ]

    assert [answer.status_code for answer in answers] == [404, 400, 400, 400]
    assert all(answer.json()["error"]["message"] for answer in answers)
    assert answers[1].json()["error"]["param"] == "entry"
