"""Endpoints whose JSON the cache does not read: the same request has the same answer, or none.

They have no text, and so no semantic tier. A field that differs, known to us or not, makes another
request. A request for a stream is none of theirs: it passes.
"""

from dataclasses import dataclass

from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.fields import optional
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.dialects.streams.choices import tells_of_error
from llm_cache_proxy.domain.dialects.text import TextDialect
from llm_cache_proxy.domain.entries.entry import Form, Forms
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.cached_paths import IMAGES
from llm_cache_proxy.domain.requests.policy import Traits
from llm_cache_proxy.domain.requests.reasons import Reason


@dataclass(frozen=True)
class OpaqueDialect(TextDialect):
    """The `Dialect` of the endpoint at `path`; its streams are handled as text completions'."""

    path: str
    generates = False
    id_prefix = ""

    @staticmethod
    def checked(fields: JsonObject) -> JsonObject:
        """`fields`, or InvalidRequest; not every endpoint needs a model to be named."""
        optional(fields, "model", str)
        return fields

    @staticmethod
    def traits(fields: JsonObject) -> Traits:  # noqa: ARG004 - a dialect's signature
        """No text for the semantic tier."""
        return Traits(
            text=None,
            no_text=Reason.EXACT_ROUTE,
            offers_tools=False,
            temperature=None,
            upstream_state=False,
        )

    @staticmethod
    def form(fields: JsonObject) -> Form:  # noqa: ARG004 - a dialect's signature
        """JSON alone."""
        return Form.JSON

    @staticmethod
    def is_whole(completion: JsonObject) -> bool:
        """Whether it says anything, and no error."""
        return bool(completion) and not tells_of_error(completion)

    @staticmethod
    def forms(completion: JsonObject, json_text: str) -> Forms:
        """The one form. Raises ValueError where it could not be read back, as NaN could not."""
        compact_text(completion)
        return Forms(json=json_text, sse="", usage_event="")

    @staticmethod
    def token_counts(completion: JsonObject) -> tuple[int, int]:
        """Tokens under either of OpenAI's names; zeros where there are none."""
        tokens = ChatDialect.token_counts(completion)
        return tokens if any(tokens) else ResponsesDialect.token_counts(completion)


class ImagesDialect(OpaqueDialect):
    """The `Dialect` of `/images/generations`."""

    @staticmethod
    def is_whole(completion: JsonObject) -> bool:
        """Whether it holds the images themselves: an address of one expires within the hour."""
        data = completion.get("data")
        images = data if isinstance(data, list) else []
        return OpaqueDialect.is_whole(completion) and all(
            isinstance(image, dict) and image.get("b64_json") for image in images or [None]
        )


def opaque_dialect(path: str) -> OpaqueDialect:
    """The dialect of an endpoint that the operator has named."""
    return ImagesDialect(path) if path == IMAGES else OpaqueDialect(path)
