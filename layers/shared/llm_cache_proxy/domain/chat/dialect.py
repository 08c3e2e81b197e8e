"""Chat completions as the pipeline sees them."""

from llm_cache_proxy.domain import streaming_fields, word_by_word
from llm_cache_proxy.domain.chat import answer, request
from llm_cache_proxy.domain.chat.assembly import chat_assembler
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.sse import DONE_EVENT


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
