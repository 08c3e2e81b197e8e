"""The main job: the official SDK, only `base_url` changed, against the running command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from servers.proxy.process import ProxyProcess, proxy_process

JSON = {"content-type": "application/json"}
MODEL = "llama-3.1-8b-instant"
PROMPT = "What is Rust?"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    with proxy_process(tmp_path_factory.mktemp("main") / "data") as running:
        yield running


@pytest.fixture
def client(proxy: ProxyProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=proxy.base_url, api_key="any", max_retries=0) as made:
        yield made


def ask(client: openai.OpenAI, text: str, **changes: Any) -> tuple[str, str, dict[str, str]]:
    """Ask in a namespace of the test's own: x-cache, the answer, and all headers."""
    namespace = changes.pop("namespace")
    headers = {"x-cache-namespace": namespace, **changes.pop("headers", {})}
    messages = changes.pop("messages", [{"role": "user", "content": text}])
    raw = client.chat.completions.with_raw_response.create(
        **{"model": MODEL, "messages": messages, "extra_headers": headers, **changes}
    )
    said = raw.parse().choices[0].message.content
    return raw.headers["x-cache"], said or "", dict(raw.headers)


def test_each_tier_answers_in_turn(client: openai.OpenAI) -> None:
    def tiers(*texts: str) -> list[str]:
        return [ask(client, text, namespace="tiers")[0] for text in texts]

    assert tiers(PROMPT, PROMPT, "  what   IS rust? ", "WHAT IS RUST?") == [
        "MISS",
        "HIT-EXACT",
        "HIT-EXACT",
        "HIT-EXACT",
    ]
    assert tiers("Tell me what Rust is", "Tell me what Rust is") == ["HIT-SEMANTIC", "HIT-EXACT"]


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "llama-3.3-70b-versatile"},
        {"temperature": 0.1},
        {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": PROMPT}]},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
    ],
)
def test_whatever_else_differs_is_a_miss(client: openai.OpenAI, changes: dict[str, Any]) -> None:
    ask(client, PROMPT, namespace="differs")

    assert ask(client, PROMPT, namespace="differs", **changes)[0] == "MISS"


def test_a_bypass_reads_and_writes_nothing(client: openai.OpenAI) -> None:
    bypass = {"x-bypass-cache": "true"}
    first = ask(client, PROMPT, namespace="bypass", headers=bypass)[0]
    second = ask(client, PROMPT, namespace="bypass")[0]
    third = ask(client, PROMPT, namespace="bypass", headers=bypass)[0]

    assert (first, second, third) == ("BYPASS", "MISS", "BYPASS")


def test_a_requested_ttl_is_reported(client: openai.OpenAI) -> None:
    ask(client, PROMPT, namespace="ttl", headers={"x-cache-ttl": "60"})

    _, _, exact = ask(client, PROMPT, namespace="ttl")
    _, _, semantic = ask(client, "Tell me what Rust is", namespace="ttl")

    assert 0 < int(exact["x-cache-ttl"]) <= 60
    assert 0 < int(semantic["x-cache-ttl"]) <= 60


def streamed(client: openai.OpenAI, namespace: str) -> tuple[str, str]:
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=[{"role": "user", "content": PROMPT}],
        stream=True,
        extra_headers={"x-cache-namespace": namespace},
    )
    chunks = list(raw.parse())
    return raw.headers["x-cache"], "".join(
        chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices
    )


def test_streams_and_plain_answers_share_an_entry(client: openai.OpenAI) -> None:
    first, second = streamed(client, "stream"), streamed(client, "stream")
    plain = ask(client, PROMPT, namespace="stream")
    ask(client, PROMPT, namespace="plain")
    after = streamed(client, "plain")

    assert (first[0], second[0], plain[0], after[0]) == (
        "MISS",
        "HIT-EXACT",
        "HIT-EXACT",
        "HIT-EXACT",
    )
    assert first[1] == second[1] == plain[1] != ""


def test_a_stream_arrives_piece_by_piece_and_ends_in_done(proxy: ProxyProcess) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": PROMPT}], "stream": True}
    headers = {"x-cache-namespace": "pieces"}

    with httpx.stream(
        "POST", f"{proxy.base_url}/chat/completions", json=body, headers=headers, timeout=90
    ) as answer:
        pieces = list(answer.iter_raw())
    replay = httpx.post(
        f"{proxy.base_url}/chat/completions", json=body, headers=headers, timeout=90
    )

    assert len(pieces) > 5
    assert b"".join(pieces).endswith(b"data: [DONE]\n\n")
    assert replay.headers["x-cache"] == "HIT-EXACT"
    assert replay.headers["content-type"].startswith("text/event-stream")
    assert replay.content.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"{", 400, "not valid JSON"),
        (b'{"model": "m"}', 400, "messages"),
        (b'{"model": "m", "messages": 5}', 400, "array"),
        (b'{"model": 5, "messages": [{"role": "user", "content": "x"}]}', 400, "string"),
        (b"x" * 5_000_001, 413, "limit"),
    ],
)
def test_a_bad_request_is_refused_in_openais_shape(
    proxy: ProxyProcess, content: bytes, status: int, said: str
) -> None:
    answer = httpx.post(
        f"{proxy.base_url}/chat/completions", content=content, headers=JSON, timeout=90
    )

    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert answer.headers["x-cache"] == "REFUSED"
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/chat/completions", 404),  # the upstream may list stored ones; passed on
        ("GET", "/v1/nowhere", 404),
        ("DELETE", "/metrics", 405),
    ],
)
def test_a_wrong_path_or_method_is_refused_in_openais_shape(
    proxy: ProxyProcess, method: str, path: str, status: int
) -> None:
    answer = httpx.request(method, f"{proxy.url}{path}", timeout=90)

    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_models_and_embeddings_speak_openais_shapes(client: openai.OpenAI) -> None:
    models = [model.id for model in client.models.list()]
    made = client.embeddings.create(model="all-MiniLM-L6-v2", input=["a", "b"])
    floats = client.embeddings.create(model="all-MiniLM-L6-v2", input="a", encoding_format="float")

    assert "all-MiniLM-L6-v2" in models
    assert MODEL in models
    assert [len(item.embedding) for item in made.data] == [384, 384]
    assert made.data[0].embedding == pytest.approx(floats.data[0].embedding, abs=1e-6)
    assert made.usage.prompt_tokens == 6


def test_health_and_dashboard_are_there(proxy: ProxyProcess) -> None:
    health = httpx.get(f"{proxy.url}/health", timeout=90)
    page = httpx.get(f"{proxy.url}/dashboard", follow_redirects=True, timeout=90)

    assert health.json()["status"] == "ok"
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


def test_a_clear_takes_both_tiers_and_says_how_much(tmp_path: Path) -> None:
    with (
        proxy_process(tmp_path / "data") as running,
        openai.OpenAI(base_url=running.base_url, api_key="any") as client,
    ):
        ask(client, PROMPT, namespace="clear")

        cleared = httpx.post(
            f"{running.url}/admin/cache/clear", json={"all": True}, timeout=90
        ).json()

        assert (cleared["cleared"]["exact"], cleared["cleared"]["semantic"]) == (1, 1)
        assert ask(client, "Tell me what Rust is", namespace="clear")[0] == "MISS"
        assert httpx.get(f"{running.url}/admin/stats", timeout=90).status_code == 200


def test_a_restart_keeps_the_cache_and_the_counts(tmp_path: Path) -> None:
    def counts(running: ProxyProcess) -> dict[str, float]:
        found: dict[str, float] = httpx.get(f"{running.url}/metrics", timeout=90).json()[
            "cache_performance"
        ]
        return found

    for expected in (["MISS", "HIT-EXACT"], ["HIT-EXACT", "HIT-EXACT"]):
        with (
            proxy_process(tmp_path / "data") as running,
            openai.OpenAI(base_url=running.base_url, api_key="any") as client,
        ):
            got = [ask(client, PROMPT, namespace="restart")[0] for _ in range(2)]
            seen = counts(running)
        assert got == expected

    assert (seen["misses"], seen["exact_hits"], seen["semantic_hits"]) == (1, 3, 0)
    assert seen["total_requests"] == 4
    assert seen["hit_rate"] == pytest.approx(0.75)


def test_a_second_process_on_one_folder_learns_the_way_out(tmp_path: Path) -> None:
    with (
        proxy_process(tmp_path / "data"),
        pytest.raises(AssertionError, match="DATA_DIR"),
        proxy_process(tmp_path / "data"),
    ):
        pass


def test_a_wrong_setting_stops_the_start_by_name(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="PORT"),
        proxy_process(tmp_path / "data", PORT="many"),
    ):
        pass
