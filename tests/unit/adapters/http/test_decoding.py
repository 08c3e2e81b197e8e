"""Facts about compressed bodies: whole ones come out as they were, and bombs go no further."""

import gzip
import zlib
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.adapters.http.decoding import BoundedDecoder, TooCompressed


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def decoded(codings: list[str], data: bytes, size: int = 65_536) -> bytes:
    decoder = BoundedDecoder(codings)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    found = b"".join(part for piece in pieces for part in decoder.feed(piece))
    decoder.end()
    return found


@given(st.binary(max_size=5_000), st.integers(min_value=1, max_value=64))
def test_what_was_packed_comes_out_wherever_the_network_cut_it(data: bytes, size: int) -> None:
    assert decoded(["gzip"], gzip.compress(data), size) == data
    assert decoded(["deflate"], zlib.compress(data), size) == data
    assert decoded(["deflate", "gzip"], gzip.compress(zlib.compress(data)), size) == data
    assert decoded([], data, size) == data


@given(st.lists(st.binary(max_size=500), min_size=2, max_size=4), st.integers(1, 64))
def test_members_of_gzip_are_one_body(parts: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(part) for part in parts)

    assert decoded(["gzip"], packed, size) == b"".join(parts)
    assert decoded(["gzip"], packed + b"\x1fno member", size) == b"".join(parts)


def test_a_member_that_is_cut_is_an_error() -> None:
    with pytest.raises(httpx.DecodingError):
        decoded(["gzip"], gzip.compress(b"one") + gzip.compress(b"{}" * 900)[:20])


def test_deflate_without_its_header_is_read_too() -> None:
    assert decoded(["deflate"], raw_deflate(b"some text")) == b"some text"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_bomb_is_refused_early(pack: Callable[[bytes], bytes]) -> None:
    made: list[int] = []
    parts = BoundedDecoder(["gzip"]).feed(pack(bytes(50_000_000))[:20_000])

    with pytest.raises(TooCompressed):
        made.extend(len(part) for part in parts)

    assert sum(made) <= 4_000_000


def test_no_piece_is_larger_than_the_networks() -> None:
    decoder = BoundedDecoder(["gzip"])

    sizes = [len(part) for part in decoder.feed(gzip.compress(bytes(1_000_000)))]

    assert max(sizes) <= 65_536
    assert sum(sizes) == 1_000_000


@pytest.mark.parametrize(
    "data", [b"plain text", gzip.compress(b"{}" * 900)[:20]], ids=["plain text", "half of it"]
)
def test_what_is_no_whole_gzip_is_an_error(data: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        decoded(["gzip"], data)


def test_noise_within_the_data_is_an_error() -> None:
    packed = gzip.compress(bytes(range(256)) * 100)
    decoder = BoundedDecoder(["gzip"])
    list(decoder.feed(packed[:40]))

    with pytest.raises(httpx.DecodingError):
        list(decoder.feed(b"\xff" * 100))
