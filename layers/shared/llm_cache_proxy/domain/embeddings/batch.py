"""A request for embeddings, input by input, and which inputs are identical.

A request that cannot be split is no batch: it goes to the upstream as it came.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import cast

from llm_cache_proxy.domain.json_text import JsonObject, canonical_text, compact_text
from llm_cache_proxy.domain.record import record

MOST_INPUTS = 2048
"""As OpenAI's; a larger batch is the upstream's to refuse."""

Input = str | list[int]
"""A text, or the same as numbers of the model's tokenizer."""


class Encoding(StrEnum):
    """The encoding of vectors: both are made from the one stored form."""

    FLOAT = "float"
    BASE64 = "base64"


@record()
class Batch:
    """`fields` are the request's; `rest` those that say how each of `inputs` is embedded."""

    fields: JsonObject
    rest: JsonObject
    inputs: Sequence[Input]
    encoding: Encoding

    def body_for(self, inputs: Sequence[Input]) -> bytes:
        """The request for these inputs alone."""
        return compact_text({**self.fields, "input": list(inputs)}).encode("utf-8")


def item_keys(common: str, inputs: Sequence[Input]) -> list[str]:
    """The exact key of each input under the `common` key, which stands for all the rest.

    Neither its place in the batch nor the encoding is part of it.
    """
    start = hashlib.sha256(common.encode("ascii"))
    return [_key(start, each) for each in inputs]


def _key(start: "hashlib._Hash", each: Input) -> str:
    digest = start.copy()
    digest.update(canonical_text(each).encode("ascii"))
    return digest.hexdigest()


def batch_of(fields: JsonObject) -> Batch | None:
    """The batch that `fields` ask for; None where they are not understood, or ask for a stream."""
    encoding = fields.get("encoding_format") or Encoding.FLOAT
    inputs = _inputs(fields.get("input"))
    if inputs is None or encoding not in tuple(Encoding) or fields.get("stream"):
        return None
    rest = {name: fields[name] for name in fields if name not in {"input", "encoding_format"}}
    return Batch(fields, rest, inputs, Encoding(cast("str", encoding)))


def _inputs(value: object) -> list[Input] | None:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        return None
    if _are_tokens(value):
        return [value]
    if len(value) > MOST_INPUTS:
        return None
    texts = all(isinstance(each, str) for each in value)
    return value if texts or all(_are_tokens(each) for each in value) else None


def _are_tokens(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, int) and not isinstance(each, bool) for each in value)
    )


def shares(total: int, inputs: Sequence[Input]) -> list[int]:
    """`total` tokens over the inputs that were asked together, by their length; the sum is exact.

    Upstreams report tokens of a whole call alone.
    """
    ends = list(accumulate(max(1, _length(each)) for each in inputs))
    reached = [total * end // ends[-1] for end in ends]
    return [upto - before for before, upto in pairwise([0, *reached])]


def _length(each: Input) -> int:
    return len(each) if isinstance(each, list) else len(each.encode("utf-8", "replace"))
