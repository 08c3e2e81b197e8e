"""Facts about a mixed load of known size: every number everywhere is what was sent."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from servers.proxy.keyed import ADMIN_KEY, KEYED
from servers.proxy.process import EXACT_ONLY, ProxyProcess, proxy_process
from servers.upstream.answers import chat
from servers.upstream.leaving import leave_once
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Cut, Send, Stall, Until, answer, head

MODEL = "gpt-4o-mini"
CHUNK = {"id": "c", "choices": [{"index": 0, "delta": {"content": "half"}}]}
EVENT = b"data: " + json.dumps(CHUNK).encode() + b"\n\n"
HALF = (head(headers={"content-type": "text/event-stream"}), Send(EVENT))
SENT = {
    "misses": 6,  # two plain, one of them anew, a stream, two whose clients left
    "exact_hits": 5,
    "semantic_hits": 0,
    "bypasses": 4,  # two passed through, one bypassed, one of the proxy's own
    "stale": 0,
    "coalesced": 0,
    "error": 6,
    "refused": 7,
}
FAILURES = {"200": 1, "400": 1, "500": 3, "502": 1}
REFUSALS = {
    "400:invalid_json": 1,
    "400:missing_required_parameter": 1,
    "403:origin_not_allowed": 1,
    "404:model_not_found": 1,
    "415:unsupported_content_type": 2,
    "421:host_not_allowed": 1,
}
KEYED_REFUSALS = {
    "401:missing_api_key": 2,
    "401:invalid_api_key": 3,
    "403:path_not_allowed": 1,
    "429:rate_limit_exceeded": 2,
}


@dataclass(frozen=True)
class Place:
    """A running proxy, its upstream, and the request log."""

    proxy: ProxyProcess
    upstream: ScriptedUpstream
    log: Path

    def admin(self, path: str, **params: str) -> httpx.Response:
        return httpx.get(
            f"{self.proxy.url}{path}",
            params=params,
            headers={"x-admin-key": ADMIN_KEY},
            timeout=30,
        )


@contextmanager
def place(folder: Path, **settings: str) -> Iterator[Place]:
    log = folder / "requests.jsonl"
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            folder / "data",
            **EXACT_ONLY,
            LOG_PATH=str(log),
            UPSTREAM_BASE_URL=upstream.base_url,
            UPSTREAM_API_KEY="k",
            **({"ADMIN_KEY": ADMIN_KEY} | settings),
        ) as proxy,
    ):
        yield Place(proxy, upstream, log)


def body(prompt: str, **changes: object) -> dict[str, object]:
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], **changes}


async def send_open(client: httpx.AsyncClient, upstream: ScriptedUpstream) -> None:
    """Everything that SENT, FAILURES and REFUSALS count."""
    path = "/v1/chat/completions"

    async def ask(prompt: str, status: int = 200, **changes: Any) -> None:
        headers = changes.pop("headers", {})
        response = await client.post(path, json=body(prompt, **changes), headers=headers)
        assert response.status_code == status, response.text

    for prompt in ("one", "one", "two", "two", "one"):
        await ask(prompt)
    for _ in range(3):
        await ask("streamed", stream=True)
    await ask("one", headers={"x-bypass-cache": "true"})
    await ask("one", headers={"cache-control": "no-cache"})
    assert (await client.get("/v1/files")).status_code == 200
    assert (await client.get("/v1/batches")).status_code == 200
    assert (await client.get("/v1/models")).status_code == 200

    upstream.when(answer({"error": {}}, 500), prompt="fails")
    upstream.when(answer({"error": {}}, 400), prompt="is wrong")
    upstream.when([Cut()], prompt="is cut")
    upstream.when([*HALF, Cut()], prompt="breaks off")
    upstream.when([*HALF, Stall()], prompt="goes on")
    client_left = Event()
    upstream.when([Until(client_left), *answer(chat("late"))], prompt="comes late")
    upstream.when(answer({"error": {}}, 500), path="/fine_tuning/jobs")
    await ask("fails", 500)
    await ask("fails", 500, stream=True)
    await ask("is wrong", 400)
    await ask("is cut", 502)
    await ask("breaks off", stream=True)
    assert (await client.get("/v1/fine_tuning/jobs")).status_code == 500

    async with client.stream("POST", path, json=body("goes on", stream=True)) as left:
        await anext(left.aiter_bytes())
    asked = len(upstream.requests)
    await asyncio.to_thread(
        leave_once,
        lambda: len(upstream.requests) > asked,
        str(client.base_url.join(path)),
        body("comes late"),
    )
    client_left.set()

    for content, headers in (
        (b"{", {"content-type": "application/json"}),
        (b"{}", {"content-type": "application/json"}),
        (b"{}", {"content-type": "application/json", "origin": "https://evil.example"}),
        (b"{}", {"content-type": "application/json", "host": "evil.example"}),
        (b"{}", {"content-type": "text/plain"}),
    ):
        await client.post(path, content=content, headers=headers)
    await client.post("/v1/files", content=b"x", headers={"content-type": "text/plain"})
    await client.get("/v1/models/none")


async def run_open(place: Place) -> None:
    async with httpx.AsyncClient(base_url=place.proxy.url, timeout=30) as client:
        await send_open(client, place.upstream)


def settled(place: Place, requests: int) -> dict[str, Any]:
    """`/metrics` once it has counted so many requests, or as it is after a minute."""
    deadline = time.monotonic() + 60
    while True:
        metrics: dict[str, Any] = place.admin("/metrics").json()
        if metrics["cache_performance"]["total_requests"] >= requests:
            time.sleep(1.5)  # for what would be counted twice
            return dict(place.admin("/metrics").json())
        if time.monotonic() > deadline:
            return metrics
        time.sleep(0.2)


def logged(place: Place) -> list[dict[str, Any]]:
    return [json.loads(line) for line in place.log.read_text().splitlines()]


def exposed(place: Place, family: str) -> dict[str, float]:
    """The samples of one family of Prometheus, by their labels' values."""
    text = place.admin("/metrics", format="prometheus").text
    return {
        ":".join(sample.labels.values()): sample.value
        for found in text_string_to_metric_families(text)
        for sample in found.samples
        if sample.name == family
    }


NAMES: Mapping[str, str] = {
    "MISS": "misses",
    "HIT-EXACT": "exact_hits",
    "BYPASS": "bypasses",
    "ERROR": "error",
    "REFUSED": "refused",
}


def test_metrics_log_and_dashboard_agree_with_what_was_sent(tmp_path: Path) -> None:
    with place(tmp_path) as found:
        asyncio.run(run_open(found))
        seen = settled(found, sum(SENT.values()))["cache_performance"]
        drawn = found.admin("/dashboard/data", range="hour").json()
        families = {
            name: exposed(found, f"llm_cache_{name}_total")
            for name in ("requests", "failed_requests", "refused_requests")
        }
        models = found.admin("/metrics").json()["cost_analysis"]["by_model"]
        of_model = found.admin("/dashboard/data", range="hour", model=MODEL).json()
        lines = logged(found)

    assert {name: seen[name] for name in SENT} == SENT
    assert seen["total_requests"] == sum(SENT.values()) == len(lines)
    assert (seen["failures"], seen["refusals"]) == (FAILURES, REFUSALS)
    could_have_hit = [line for line in lines if line["reason"] != "no-cache"]
    hits = sum(line["result"] == "HIT-EXACT" for line in lines)
    misses = sum(line["result"] == "MISS" for line in could_have_hit)
    assert (seen["not_read"], seen["hit_rate"]) == (1, hits / (hits + misses)) == (1, 0.5)
    assert Counter(NAMES[line["result"]] for line in lines) == +Counter(SENT)
    for result, expected in (("ERROR", FAILURES), ("REFUSED", REFUSALS)):
        by_cause = Counter(cause_of(line) for line in lines if line["result"] == result)
        assert by_cause == expected
    assert families == {
        "requests": SENT,
        "failed_requests": FAILURES,
        "refused_requests": REFUSALS,
    }
    assert {name: drawn["window"]["cache_performance"][name] for name in SENT} == SENT
    columns = Counter[str]()
    for piece in drawn["series"]:
        columns.update({name: n for name, n in piece.items() if name not in {"start", "hit_rate"}})
    assert columns == +Counter(exact_hits=5, misses=6, failed=13, others=4)
    # five stored answers, one bypassed and one stream that was left: what came was paid for
    assert models[MODEL]["upstream_answers"] == 7
    assert models[MODEL]["hits"] == 5
    own = [line for line in lines if line.get("model") == MODEL]
    results = Counter(NAMES[line["result"]] for line in own)
    drawn_of_model = of_model["window"]["cache_performance"]
    assert Counter({name: drawn_of_model[name] for name in SENT}) == results
    assert (of_model["kept"], of_model["counted"]) == (len(lines), len(lines))
    assert of_model["window"]["cost_analysis"]["by_model"] == {MODEL: models[MODEL]}
    assert drawn_of_model["errors"] == seen["errors"]


def cause_of(line: Mapping[str, Any]) -> str:
    cause = line["reason"].partition(":")[2]
    return f"{line['status']}:{cause}" if cause else str(line["status"])


def test_with_keys_refusals_are_counted_for_every_sender(tmp_path: Path) -> None:
    with place(tmp_path, **KEYED) as found:
        made = httpx.post(
            f"{found.proxy.url}/admin/keys/create",
            json={"tenant": "acme", "name": "test", "requests_per_minute": 3},
            headers={"x-admin-key": ADMIN_KEY},
            timeout=30,
        ).json()
        with httpx.Client(base_url=found.proxy.url, timeout=30) as client:
            own = {"authorization": f"Bearer {made['key']}"}
            statuses = [
                client.post("/v1/chat/completions", json=body("one"), headers=own).status_code
                for _ in range(5)
            ]
            client.get("/v1/files", headers=own)
            for _ in range(2):
                client.get("/v1/models")
            for _ in range(3):
                client.get("/v1/models", headers={"authorization": "Bearer lcp_wrong"})
        seen = settled(found, 11)
        lines = logged(found)

    assert statuses == [200, 200, 200, 429, 429]
    total = seen["cache_performance"]
    assert total["refusals"] == KEYED_REFUSALS
    assert (total["misses"], total["exact_hits"], total["refused"]) == (1, 2, 8)
    assert total["total_requests"] == len(lines) == 11
    assert seen["tenants"]["acme"]["total_requests"] == 5
    refused = Counter(cause_of(line) for line in lines if line["result"] == "REFUSED")
    assert refused == KEYED_REFUSALS
