"""More of everything than anybody needs: each is answered, and the next request as well."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream

JSON = {"content-type": "application/json"}
AT_ONCE = 150
USER = {"role": "user", "content": "What is Rust?"}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    data = tmp_path_factory.mktemp("limits") / "data"
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(data, UPSTREAM_BASE_URL=upstream.base_url) as running,
    ):
        yield running


def ask(proxy: ProxyProcess, body: object = None, **headers: str) -> httpx.Response:
    fields = body or {"model": "m", "messages": [USER]}
    return httpx.post(
        f"{proxy.base_url}/chat/completions",
        content=json.dumps(fields),
        headers=JSON | {name.replace("_", "-"): value for name, value in headers.items()},
        timeout=60,
    )


def is_well(proxy: ProxyProcess) -> bool:
    return ask(proxy).status_code == 200


def test_thousands_of_messages_are_answered(proxy: ProxyProcess) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}] * 5_000}

    answer = ask(proxy, body)

    assert answer.status_code == 200
    assert is_well(proxy)


def test_a_hundred_thousand_messages_are_more_than_can_be_read_at_once(
    proxy: ProxyProcess,
) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}] * 100_000}

    answer = ask(proxy, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "too_many_values"
    assert is_well(proxy)


def test_a_body_nested_beyond_reason_is_refused(proxy: ProxyProcess) -> None:
    deep = "[" * 20_000 + "]" * 20_000
    body = f'{{"model": "m", "messages": [{json.dumps(USER)}], "x": {deep}}}'

    answer = httpx.post(
        f"{proxy.base_url}/chat/completions", content=body, headers=JSON, timeout=60
    )

    assert answer.status_code == 400
    assert "nested too deeply" in answer.json()["error"]["message"]
    assert is_well(proxy)


@pytest.mark.parametrize("length", [8_000, 60_000, 1_000_000])
def test_a_long_header_is_answered_or_refused(proxy: ProxyProcess, length: int) -> None:
    try:
        status = ask(proxy, x_cache_tags="a" * length).status_code
    except httpx.TransportError:  # the server may hang up on what is no sensible request
        status = 431

    assert status in {400, 431}
    assert is_well(proxy)


def test_a_compressed_body_is_refused_with_the_way_out(proxy: ProxyProcess) -> None:
    answer = ask(proxy, content_encoding="gzip")

    assert answer.status_code == 400
    assert "send the JSON as it is" in answer.json()["error"]["message"]


def test_many_at_once_are_all_answered(proxy: ProxyProcess) -> None:
    def one(number: int) -> int:
        content = f"Say {number % 30}"
        body = {"model": "m", "messages": [{"role": "user", "content": content}]}
        return ask(proxy, body).status_code

    with ThreadPoolExecutor(AT_ONCE) as threads:
        statuses = set(threads.map(one, range(2 * AT_ONCE)))

    assert statuses == {200}
