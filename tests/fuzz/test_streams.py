"""Thousands of streams, and never a served answer that differs from what the first client got.

The client here is another reader than the product's: it joins the texts that it knows by where
they stand, and collects every other value that it sees.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from fuzz.chunk_mutations import Chunk, mutated_stream
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.streams.proving import forms_read
from llm_cache_proxy.domain.dialects.streams.sse import StreamReader
from llm_cache_proxy.domain.entries.entry import Form
from samples.extent import extent

TEXTS = {
    "arguments", "code", "content", "input", "partial_json", "reasoning", "reasoning_content",
    "reasoning_text", "refusal", "summary", "text", "thinking", "thought", "transcript",
}  # fmt: skip
UNCERTAIN = {"object", "created", "model", "index", "system_fingerprint"}
ADDED = {
    (("said", "role"), "assistant"),
    (("said", "content", "[]", "type"), "text"),  # of a text that stands beside other parts
    (("top", "object"), "chat.completion"),
}
Path = tuple[str, ...]


class Client:
    """What one answer, or all chunks of one, say."""

    def __init__(self) -> None:
        self.texts: dict[tuple[int, Path], str] = defaultdict(str)
        self.values: dict[tuple[int, Path], list[Any]] = defaultdict(list)
        self.calls: list[str] = []

    def read(self, answer: Chunk, member: str) -> None:
        for name, value in answer.items():
            if name not in {"choices", "id", *UNCERTAIN}:
                self._see(-1, ("top", name), value)
        for choice in answer.get("choices") or []:
            at = choice.get("index") or 0
            said = choice.get(member) or {}
            self._see(at, ("said",), said)
            for name, value in choice.items():
                if name == "text" and member == "delta" and value == said.get("content"):
                    continue  # the delta's once more
                if name not in {"delta", "message", "index", "logprobs"}:
                    self._see(at, ("beside", name), value)

    def _see(self, at: int, path: Path, value: Any) -> None:
        for place, leaf, holder in _leaves(path, value, {}):
            where = (at, place)
            if place[-1] in TEXTS and place[0] == "said" and isinstance(leaf, str):
                part = place == ("said", "content", "[]", "text") and holder.get("type") == "text"
                self.texts[(at, ("said", "content")) if part else where] += leaf
            elif place[-2:] == ("[]", "id") and "tool_calls" in place:
                self.calls += [str(leaf)] if str(leaf) not in self.calls else []
            elif leaf not in self.values[where]:
                self.values[where].append(leaf)


def _leaves(path: Path, value: Any, holder: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Every value that says something, where it stands, and what holds it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves((*path, name), inner, value)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves((*path, "[]"), inner, value)
    elif (value not in (None, "", 0) or isinstance(value, bool)) and path[-1] not in UNCERTAIN:
        yield path, value, holder if isinstance(holder, dict) else {}


def read_chunks(chunks: list[Chunk]) -> Client:
    client = Client()
    for chunk in chunks:
        client.read(chunk, "delta")
    return client


def check_same(sent: Client, served: Client) -> None:
    """All that is served was sent, and all that was sent in words is served."""
    assert said_in(served) == said_in(sent)
    assert sorted(served.calls) == sorted(sent.calls)
    for where, values in served.values.items():
        for value in values:
            assert value in sent.values[where] or (where[1], value) in ADDED, (where, value)
    for where, values in sent.values.items():
        words = [value for value in values if isinstance(value, str)]
        if where[1][0] == "said" or (len(values) == 1 and words):
            assert set(words) <= set(served.values[where]), where


def said_in(client: Client) -> dict[tuple[int, Path], str]:
    """Every text; of calls, whose pieces may come by turns, the letters."""
    return {
        (at, path): "".join(sorted(text)) if "tool_calls" in path else text
        for (at, path), text in client.texts.items()
        if text
    }


def data(text: str) -> list[Chunk]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if "{" in line]
    return [json.loads(line) for line in lines]


@settings(max_examples=extent(250, 1_000), deadline=None, database=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_no_served_answer_differs_from_what_the_first_client_got(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - no secret
    for _ in range(20):
        check_stream(mutated_stream(chance))


def check_stream(chunks: list[Chunk]) -> None:
    reader = StreamReader(ChatDialect(), hides_usage=False, most_kept_bytes=4_000_000)
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
    sent = reader.feed(f"{body}data: [DONE]\n\n".encode())
    reader.finish()
    assert sent.decode() == body

    completion = reader.completion()
    forms = forms_read(reader, completion) if reader.is_whole(completion) else None

    if forms is None:
        return

    first = read_chunks(chunks)
    note(json.dumps(chunks))
    check_same(first, read_chunks(data(forms.sse + forms.usage_event)))
    if forms.has(Form.JSON):
        served = Client()
        served.read(json.loads(forms.json), "message")
        check_same(first, served)
