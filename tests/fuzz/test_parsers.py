"""Every parser that reads foreign bytes: it reads them or refuses them, and never anything else.

Cheap here, deep by `make fuzz`; a finding is kept in `seeds/` or as an example of its test.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from mangum import Mangum

from fakes.admin import AdminHarness
from fakes.exact import MemoryExact
from fuzz.byte_mutations import SEEDS, VALUES, deep, mutated_bytes, mutated_json, seeds
from llm_cache_proxy.adapters.upstream.model_list import models_in
from llm_cache_proxy.administration import EntryImport
from llm_cache_proxy.api.aws.admin_function import admin_function
from llm_cache_proxy.api.aws.gateway_events import gateway_function
from llm_cache_proxy.api.operators.admin_app import create_admin_app
from llm_cache_proxy.domain.dialects.anthropic import stream
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.dialects.registry import MESSAGES, TOKEN_COUNT
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.dialects.streams.proving import forms_of_json, forms_read
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter, StreamReader
from llm_cache_proxy.domain.dialects.text import TextDialect
from llm_cache_proxy.domain.errors import CacheTierError, InvalidRequest, RequestRefused
from llm_cache_proxy.domain.json_text import canonical_text, compact_text, parse_object
from llm_cache_proxy.domain.requests.policy import Policy
from samples.streamed_shapes import ALL
from servers.upstream.rich_messages import MESSAGES as MESSAGES_BY_NAME
from servers.upstream.rich_messages import whole_message
from unit.pipeline.harness import Harness


def kept(kind: str) -> list[Any]:
    """Each seed as it is, by the name of its file."""
    return [
        pytest.param(path.read_bytes(), id=path.stem) for path in sorted((SEEDS / kind).iterdir())
    ]


DIALECTS: dict[str, Dialect] = {
    each.path: each
    for each in (ChatDialect(), ResponsesDialect(), TextDialect(), MESSAGES, TOKEN_COUNT)
}
dialects = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
CUTS = st.lists(st.integers(0, 5_000), max_size=6)
LISTS = [*seeds("answers"), b'{"data": [{"id": "m"}, {"id": 1}, []]}', b'[{"id": "m"}]']
STREAMS = [
    *(shape.body for shape in ALL),
    *(stream.events(whole_message(name)).encode() for name in MESSAGES_BY_NAME),
]
MOST_KEPT = 4_000_000


@pytest.mark.parametrize("body", kept("requests"))
def test_a_kept_request_is_read_or_refused(body: bytes) -> None:
    read_request(body)


@deep
@given(mutated_bytes(seeds("requests")))
@example(b'{"a": 1e-9999999999999999999}')
@example(b'{"a": "\\ud800"}')
@example(b"{" * 600)
def test_any_request_is_read_or_refused(body: bytes) -> None:
    read_request(body)


def read_request(body: bytes) -> None:
    try:
        fields = parse_object(body)
    except InvalidRequest:
        return
    assert parse_object(canonical_text(fields).encode()) == fields
    assert parse_object(compact_text(fields).encode()) == fields
    for dialect in DIALECTS.values():
        try:
            checked = dialect.checked(fields)
        except RequestRefused:
            continue
        dialect.traits(checked)
        dialect.with_user_text(checked, str.upper)


@dialects
@deep
@given(
    mutated_bytes(STREAMS),
    st.lists(st.integers(0, 5_000), max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_any_stream_passes_whole_and_reads_the_same_wherever_it_was_cut(
    dialect: Dialect, body: bytes, cuts: list[int], hides_usage: bool, small: bool
) -> None:
    most = 300 if small else MOST_KEPT
    at_once = read_stream(dialect, [body], hides_usage, most)
    marks = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[start:end] for start, end in itertools.pairwise(marks)]

    in_pieces = read_stream(dialect, pieces, hides_usage, most)

    if not small:  # else it depends on the pieces when an answer is let go
        assert in_pieces == at_once
    sent, whole, _ = in_pieces
    assert hides_usage or whole or passes_all(sent, body)


def read_stream(
    dialect: Dialect, pieces: list[bytes], hides_usage: bool, most: int
) -> tuple[bytes, bool, object]:
    reader = StreamReader(dialect, hides_usage=hides_usage, most_kept_bytes=most)
    sent = b"".join([*(reader.feed(piece) for piece in pieces), reader.finish()])
    reader.sent()
    answer = reader.completion()
    return sent, reader.is_whole(answer), forms_read(reader, answer)


def passes_all(sent: bytes, body: bytes) -> bool:
    """Whether the client got all of a stream up to its end, in its order."""
    return body.startswith(sent.removesuffix(b"data: [DONE]\n\n")) or sent.startswith(body)


@deep
@given(st.lists(mutated_bytes(STREAMS), max_size=3))
def test_no_byte_of_any_stream_is_lost_by_splitting(pieces: list[bytes]) -> None:
    splitter = EventSplitter()

    out = b"".join(event.raw for piece in pieces for event in splitter.feed(piece))

    assert out + splitter.held == b"".join(pieces)


@dialects
@deep
@given(mutated_json(seeds("answers")))
@example({"choices": [{"index": 10**9, "message": {"content": "x"}}]})
@example({"choices": {"0": None}})
def test_any_answer_of_an_upstream_is_kept_as_it_came_or_not_at_all(
    dialect: Dialect, answer: Any
) -> None:
    assume(isinstance(answer, dict))
    text = compact(answer)
    if text is None:
        return
    came = json.loads(text)

    whole = dialect.is_whole(came)
    forms = forms_of_json(dialect, came, text)

    if whole and forms is not None:
        assert json.loads(forms.json) == came
        dialect.token_counts(came)


def compact(value: object) -> str | None:
    """As an upstream would send it; None for what JSON cannot tell."""
    try:
        return compact_text(value)
    except ValueError:
        return None


@deep
@given(
    mutated_bytes([*seeds("answers"), b'{"data": [{"id": "m"}, {"id": 1}, []]}', b'[{"id": "m"}]'])
)
def test_any_list_of_models_is_read_or_none(body: bytes) -> None:
    listed = models_in(body)

    assert listed is None or all(isinstance(model["id"], str) for model in listed)


def office() -> AdminHarness:
    exact = MemoryExact()
    harness = Harness(Policy(), exact=exact)
    taking = EntryImport(harness.pipeline, harness)
    return AdminHarness(exact=exact, vectors=harness.vectors, entry_import=taking)


async def imported(line: object) -> Mapping[str, Any]:
    acting = office().administration()
    try:
        return await acting.perform({"action": "import", "records": [line]})
    except CacheTierError:  # the line may name what a store cannot keep now
        return {"problems": []}


@pytest.mark.parametrize("line", kept("imports"))
async def test_a_kept_line_is_taken_or_expired(line: bytes) -> None:
    assert (await imported(json.loads(line)))["problems"] == []


@deep
@given(mutated_json(seeds("imports")) | VALUES)
@example({"request": {"model": "m", "messages": []}, "response": {}})
@example({"format_version": 1, "tenant": "t", "entry": {"forms": {"json": "[" * 2_000}}})
def test_any_line_of_an_import_is_taken_or_refused_with_a_reason(line: object) -> None:
    answer = asyncio.run(imported(line))

    assert all(problem["message"] for problem in answer["problems"])


@pytest.fixture(scope="module")
def function() -> Iterator[Callable[[object], dict[str, Any]]]:
    """The admin function, in a thread whose event loop is its own, as in Lambda."""
    acting, loop = office().administration(), asyncio.new_event_loop()

    def made() -> Callable[[object, None], dict[str, Any]]:
        asyncio.set_event_loop(loop)  # before Mangum makes one that nobody closes
        app = create_admin_app(acting, "k")
        return admin_function(acting, gateway_function(Mangum(app, lifespan="off")))

    with ThreadPoolExecutor(1) as thread:
        handler = thread.submit(made).result()
        yield lambda event: thread.submit(handler, event, None).result()
        thread.submit(loop.close).result()


@pytest.mark.parametrize("event", kept("events"))
def test_a_kept_event_has_an_answer(function: Any, event: bytes) -> None:
    check_answer(function(json.loads(event)))


@deep
@given(event=mutated_json(seeds("events")) | VALUES)
def test_any_event_has_an_answer(function: Any, event: object) -> None:
    check_answer(function(event))


def check_answer(answer: dict[str, Any]) -> None:
    """An HTTP answer without a fault of ours, or an action's."""
    if "statusCode" in answer:
        assert 200 <= answer["statusCode"] < 500 or answer["statusCode"] in {501, 503}
    json.dumps(answer)
