"""Facts about splitting event streams."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter

STREAM = 'data: {"a": "grüße 🙂"}\n\n: keep-alive\n\nevent: x\ndata: 1\ndata: 2\n\ndata:[DONE]\n\n'


def split(pieces: list[bytes]) -> list[tuple[str, str | None]]:
    splitter = EventSplitter()
    return [(event.name, event.data) for piece in pieces for event in splitter.feed(piece)]


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted({place % len(raw) for place in places}), len(raw)]
    return [raw[start:end] for start, end in itertools.pairwise(marks)]


@given(st.lists(st.integers(min_value=0, max_value=10_000)), st.sampled_from(["\n", "\r\n", "\r"]))
def test_events_do_not_depend_on_where_the_network_cuts(places: list[int], line_end: str) -> None:
    raw = (STREAM + "data: end\n\n").replace("\n", line_end).encode()
    if line_end == "\r":  # a last CR could be half of a CRLF: the next byte decides
        raw += b"d"

    events = split(cut(raw, places))

    assert events == [
        ("", '{"a": "grüße 🙂"}'),
        ("", None),
        ("x", "1\n2"),
        ("", "[DONE]"),
        ("", "end"),
    ]


@given(st.lists(st.binary(max_size=30)))
def test_nothing_is_lost_whatever_comes(pieces: list[bytes]) -> None:
    splitter = EventSplitter()

    out = b"".join(event.raw for piece in pieces for event in splitter.feed(piece))

    assert out + bytes(splitter.held) == b"".join(pieces)


def test_an_unfinished_event_is_held_back() -> None:
    splitter = EventSplitter()

    assert splitter.feed(b"data: 1\n\ndata: 2\n") != []
    assert bytes(splitter.held) == b"data: 2\n"


def test_a_cr_at_the_very_end_may_be_half_of_a_crlf_and_is_held_back() -> None:
    splitter = EventSplitter()

    early = splitter.feed(b"data: 1\r\r")
    [event] = splitter.feed(b"\ndata: 2")

    assert early == []
    assert (event.raw, bytes(splitter.held)) == (b"data: 1\r\r\n", b"data: 2")
