"""How an answer's body is encoded, and whether it can be decoded here.

A word that names no content coding means nothing: the body is read as it is. A body in a coding
that cannot be decoded here passes as it came, and its coding with it.
"""

import httpx

_DECODED = frozenset({"gzip", "deflate"})
_SAME = {"x-gzip": "gzip", "x-compress": "compress"}  # RFC 9110, section 8.4.1
_OTHER_CODINGS = frozenset({"aes128gcm", "br", "compress", "dcb", "dcz", "exi", "zstd"})
"""IANA's registry of content codings, less those that are decoded here."""


def prepare_decoding(response: httpx.Response) -> str | None:
    """Make `response` decode what can be decoded; the codings to pass on where that is not all."""
    given = response.headers.get("content-encoding")
    if given is None:  # as a stream, whose first byte is waited for, nearly always comes
        return None
    words = given.lower().split(",")
    codings = [_SAME.get(word.strip(), word.strip()) for word in words]
    known = [coding for coding in codings if coding in _DECODED or coding in _OTHER_CODINGS]
    undecoded = not _DECODED.issuperset(known)
    response.headers["content-encoding"] = "identity" if undecoded else ", ".join(known)
    return ", ".join(known) if undecoded else None
