"""Chat completions as the pipeline sees them."""

from llm_cache_proxy.domain.dialects import chat_answer as answer
from llm_cache_proxy.domain.dialects import chat_request as request
from llm_cache_proxy.domain.dialects import streaming_fields, word_by_word
from llm_cache_proxy.domain.dialects.chat_assembly import chat_assembler
from llm_cache_proxy.domain.dialects.sse import DONE_EVENT
from llm_cache_proxy.domain.json_text import JsonObject


class ChatDialect:
    """The `Dialect` of `/v1/chat/completions`."""

    path = "/chat/completions"
    terminator = DONE_EVENT
    id_prefix = "chatcmpl-"
    word_by_word = staticmethod(word_by_word.chat_event)
    checked = staticmethod(request.checked)
    traits = staticmethod(request.traits)
    with_user_text = staticmethod(request.with_user_text)
    wants_stream = staticmethod(streaming_fields.wants_stream)
    wants_usage = staticmethod(streaming_fields.wants_usage)
    asking_for_usage = staticmethod(streaming_fields.asking_for_usage)
    is_usage_only = staticmethod(streaming_fields.is_usage_only)
    is_whole = staticmethod(answer.is_whole)
    said = staticmethod(answer.said)
    forms = staticmethod(answer.forms)
    token_counts = staticmethod(answer.token_counts)
    assembler = staticmethod(chat_assembler)

    @staticmethod
    def is_last(_: JsonObject) -> bool:
        """Only `[DONE]` ends a stream of chunks."""
        return False
