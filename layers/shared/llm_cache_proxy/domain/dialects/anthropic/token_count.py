"""Anthropic's count of a request's tokens: the same request has the same count."""

from llm_cache_proxy.domain.dialects.anthropic.errors import AnthropicErrors
from llm_cache_proxy.domain.dialects.anthropic.messages import MessagesDialect, leans_on_upstream
from llm_cache_proxy.domain.dialects.opaque import OpaqueDialect
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.policy import Traits
from llm_cache_proxy.domain.requests.reasons import Reason


class TokenCountDialect(AnthropicErrors, OpaqueDialect):
    """The `Dialect` of `/v1/messages/count_tokens`; a count costs no tokens."""

    bills_tokens = False
    checked = staticmethod(MessagesDialect.checked)

    @staticmethod
    def traits(fields: JsonObject) -> Traits:
        """No text for the semantic tier: another wording has another count."""
        return Traits(
            text=None,
            no_text=Reason.EXACT_ROUTE,
            offers_tools=False,
            temperature=None,
            upstream_state=leans_on_upstream(fields),
        )

    @staticmethod
    def token_counts(completion: JsonObject) -> tuple[int, int]:  # noqa: ARG004 - a dialect's
        """None: what was counted was not answered."""
        return 0, 0
