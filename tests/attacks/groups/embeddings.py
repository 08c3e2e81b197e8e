"""The embedding model: texts that are none, too many or too long, and clients that leave."""

from collections.abc import Mapping

from attacks.case import Attack, Group, Request

_PATH = "/v1/embeddings"
_BAD = "400 invalid_request_error"
_OWN = {"model": "all-MiniLM-L6-v2"}
_CASES: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("no input", _BAD, {}),
    ("an empty list", _BAD, {"input": []}),
    ("null", _BAD, {"input": None}),
    ("a number", _BAD, {"input": 7}),
    ("tokens", "400 tokens_not_supported", {"input": [1, 2, 3]}),
    ("lists of tokens", "400 tokens_not_supported", {"input": [[1, 2], [3]]}),
    ("a text and a number", "400 tokens_not_supported", {"input": ["a", 1]}),
    ("2,049 texts", _BAD, {"input": ["a"] * 2_049}),
    ("a text of 4 MB", "400 context_length_exceeded", {"input": "word " * 800_000}),
    ("a word of 4 MB", "400 context_length_exceeded", {"input": "a" * 4_000_000}),
    ("another number of dimensions", _BAD, {"input": "a", "dimensions": 12}),
    ("a number of dimensions that is a list", _BAD, {"input": "a", "dimensions": [384]}),
    ("another encoding", _BAD, {"input": "a", "encoding_format": "hex"}),
    ("an encoding that is a list", _BAD, {"input": "a", "encoding_format": ["float"]}),
    ("an empty text", "200 BYPASS", {"input": ""}),
    ("half of a surrogate pair", "200 BYPASS or 400 invalid_request_error", {"input": "\ud800"}),
    ("zeros", "200 BYPASS", {"input": "\0\0\0"}),
    (
        "letters on letters",
        "200 BYPASS or 400 context_length_exceeded",
        {"input": "a" + "\u0301" * 300},
    ),
    ("512 texts", "200 BYPASS", {"input": [f"text {n}" for n in range(512)]}),
)

GROUP = Group(
    "Embeddings",
    [
        Attack(
            f"embeddings of {what}",
            expected,
            Request(_PATH, _OWN | dict(fields), what=f"`POST {_PATH}`, {what}"),
        )
        for what, expected, fields in _CASES
    ],
)
