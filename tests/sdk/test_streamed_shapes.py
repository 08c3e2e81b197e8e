"""Streams as real servers send them, through a running proxy: the miss, and hits in both forms.

The upstream is asked directly, too: what the official SDK reads there it must read from a hit.
"""

import itertools
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from samples.streamed_shapes import ALL, BOTH, NOTHING, Shape
from sdk.conftest import Stand
from servers.proxy.process import proxy_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import stream
from unit.domain.dialects.streams.test_streamed_shapes import check_right

EACH = pytest.mark.parametrize("shape", ALL, ids=lambda shape: shape.sends)
_prompts = itertools.count()
WITH_USAGE = {"include_usage": True}


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ScriptedUpstream().in_thread() as upstream:
        settings = {"UPSTREAM_BASE_URL": upstream.base_url, "UPSTREAM_API_KEY": "sk-upstream"}
        with proxy_process(tmp_path_factory.mktemp("shapes") / "data", **settings) as proxy:
            yield Stand(upstream, proxy.base_url)


def fields(shape: Shape, prompt: str) -> dict[str, Any]:
    if shape.path == "/completions":
        return {"model": "m", "prompt": prompt}
    return {"model": "m", "messages": [{"role": "user", "content": prompt}]}


def ask(stand: Stand, shape: Shape, prompt: str, **more: Any) -> httpx.Response:
    address = f"{stand.proxied}{shape.path}"
    return httpx.post(address, json={**fields(shape, prompt), **more}, timeout=30)


def streamed(stand: Stand, shape: Shape, prompt: str) -> httpx.Response:
    return ask(stand, shape, prompt, stream=True, stream_options=WITH_USAGE)


def without_end(body: bytes) -> bytes:
    return body.strip().removesuffix(b"[DONE]").rstrip().removesuffix(b"data:").strip()


@EACH
def test_a_miss_passes_and_hits_say_the_same_or_ask_again(stand: Stand, shape: Shape) -> None:
    prompt = f"shape {next(_prompts)}"
    stand.upstream.queue(stream([shape.body]))

    miss = streamed(stand, shape, prompt)
    as_json = ask(stand, shape, prompt)

    assert miss.headers["x-cache"] == "MISS"
    assert without_end(miss.content) == without_end(shape.body)
    expected = "HIT-EXACT" if shape.kept == BOTH else "MISS"
    assert as_json.headers["x-cache"] == expected
    if shape.kept == BOTH:
        check_right(shape, as_json.json())
    elif shape.kept != NOTHING:
        assert as_json.headers["x-cache-reason"] == "form-unproved"


def read_by_sdk(base_url: str, shape: Shape, prompt: str) -> tuple[Any, ...]:
    """All text, every call's id, and all names and arguments, in the order they come."""
    with openai.OpenAI(base_url=base_url, api_key="any", max_retries=0, timeout=30) as client:
        chat = shape.path == "/chat/completions"
        create: Any = client.chat.completions.create if chat else client.completions.create
        chunks = list(create(**fields(shape, prompt), stream=True, stream_options=WITH_USAGE))
    said: list[str] = []
    ids: list[str] = []
    called: list[str] = []
    finish = ""
    for choice in (choice for chunk in chunks for choice in chunk.choices or []):
        delta = getattr(choice, "delta", None)
        content = delta.content if delta is not None else getattr(choice, "text", "")
        said += [content] if isinstance(content, str) else [str(part) for part in content or []]
        for piece in (delta.tool_calls if delta is not None else None) or []:
            ids += [piece.id] if piece.id and piece.id not in ids else []
            called += [piece.function.arguments or ""]
        finish = choice.finish_reason or finish
    return "".join(said), ids, "".join(called), finish


@pytest.mark.parametrize(
    "shape",
    # The SDK drops what stands behind a byte order mark.
    [shape for shape in ALL if shape.kept != NOTHING and not shape.body.startswith(BOM_UTF8)],
    ids=lambda shape: shape.sends,
)
def test_the_sdk_reads_the_same_from_the_upstream_a_miss_and_a_hit(
    stand: Stand, shape: Shape
) -> None:
    prompt = f"shape {next(_prompts)}"
    stand.upstream.queue(stream([shape.body]), stream([shape.body]))

    direct = read_by_sdk(stand.direct, shape, prompt)
    miss = read_by_sdk(stand.proxied, shape, prompt)
    hit = read_by_sdk(stand.proxied, shape, prompt)

    assert miss == direct
    assert hit == direct
    assert streamed(stand, shape, prompt).headers["x-cache"] == "HIT-EXACT"
