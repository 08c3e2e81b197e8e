"""Decodes an answer's content codings piece by piece, within bounds.

A body that is compressed beyond reason is refused long before it fills the memory, and no step
makes a larger piece than the network brings.
"""

import zlib
from collections.abc import Iterator, Sequence

import httpx

CODINGS = frozenset({"gzip", "deflate"})
_EITHER = 32 + zlib.MAX_WBITS  # a header of gzip or of zlib, whichever comes
_MEMBER = b"\x1f\x8b"
"""What a gzip member begins with."""
_PIECE_BYTES = 65_536
_FREE_BYTES = 4_000_000
_MOST_RATIO = 100
"""JSON and text shrink to a tenth; a bomb to a thousandth."""


class TooCompressed(httpx.DecodingError):
    """The body would become more than a hundred times what was sent."""


class BoundedDecoder:
    """Takes off `codings`, the last first (RFC 9110, section 8.4); raises httpx.DecodingError."""

    def __init__(self, codings: Sequence[str]) -> None:
        self._steps = [_Inflating() for _ in codings]

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The decoded `piece`, in pieces of bounded size."""
        return _fed(self._steps[::-1], piece)

    def end(self) -> None:
        """Raise if the body was not whole."""
        if not all(step.is_whole for step in self._steps):
            raise httpx.DecodingError("the compressed body is cut")


def _fed(steps: Sequence["_Inflating"], piece: bytes) -> Iterator[bytes]:
    if not steps:
        yield piece
        return
    for made in steps[0].feed(piece):
        yield from _fed(steps[1:], made)


class _Inflating:
    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_EITHER)
        self._begun = False
        self._taken = 0
        self._made = 0
        self._behind = b""
        self._is_left_out = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing; a body of no bytes at all lacks nothing."""
        return self._inflate.eof or not self._begun

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The decoded `piece`; what is no further gzip member behind the first is left out."""
        self._taken += len(piece)
        while piece := self._in_next_member(piece):
            made = self._inflated(piece)
            self._begun = True
            self._made += len(made)
            if self._made > max(_FREE_BYTES, self._taken * _MOST_RATIO):
                raise TooCompressed("the body is compressed beyond reason")
            if made:
                yield made
            piece = self._inflate.unconsumed_tail or self._inflate.unused_data

    def _in_next_member(self, piece: bytes) -> bytes:
        """`piece`, if it goes on with a member or begins one (RFC 1952, section 2.2)."""
        if not self._inflate.eof or self._is_left_out:
            return b"" if self._is_left_out else piece
        behind, self._behind = self._behind + piece, b""
        if behind.startswith(_MEMBER):
            self._inflate = zlib.decompressobj(_EITHER)
            return behind
        if _MEMBER.startswith(behind):
            self._behind = behind
        else:
            self._is_left_out = True
        return b""

    def _inflated(self, piece: bytes) -> bytes:
        try:
            return self._inflate.decompress(piece, _PIECE_BYTES)
        except zlib.error as exc:
            if self._begun:
                raise httpx.DecodingError(str(exc)) from exc
        try:  # some servers send deflate without zlib's header
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._inflate.decompress(piece, _PIECE_BYTES)
        except zlib.error as exc:
            raise httpx.DecodingError(str(exc)) from exc
