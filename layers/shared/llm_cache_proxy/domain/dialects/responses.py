"""The Responses API as the pipeline sees it."""

from llm_cache_proxy.domain.dialects import responses_answer as answer
from llm_cache_proxy.domain.dialects import responses_request as request
from llm_cache_proxy.domain.dialects import streaming_fields, word_by_word
from llm_cache_proxy.domain.dialects.responses_assembly import ResponseAssembler, is_last
from llm_cache_proxy.domain.json_text import JsonObject


class ResponsesDialect:
    """The `Dialect` of `/v1/responses`; its streams tell usage unasked and end in no `[DONE]`."""

    path = "/responses"
    terminator = ""
    id_prefix = ""
    word_by_word = staticmethod(word_by_word.response_event)
    checked = staticmethod(request.checked)
    traits = staticmethod(request.traits)
    with_user_text = staticmethod(request.with_user_text)
    wants_stream = staticmethod(streaming_fields.wants_stream)
    is_last = staticmethod(is_last)
    is_whole = staticmethod(answer.is_whole)
    said = staticmethod(answer.said)
    forms = staticmethod(answer.forms)
    token_counts = staticmethod(answer.token_counts)
    assembler = ResponseAssembler

    @staticmethod
    def wants_usage(_: JsonObject) -> bool:
        """Usage is no event of its own."""
        return False

    @staticmethod
    def asking_for_usage(_: JsonObject) -> JsonObject | None:
        """Nothing has to be asked for."""
        return None

    @staticmethod
    def is_usage_only(_: JsonObject) -> bool:
        """No event is there for usage alone."""
        return False
