"""Chat completions as the pipeline sees them."""

from llm_cache_proxy.domain.chat import answer, request
from llm_cache_proxy.domain.chat.assembly import ChatAssembler
from llm_cache_proxy.domain.json_text import JsonObject


class ChatDialect:
    """The `Dialect` of `/v1/chat/completions`."""

    path = "/chat/completions"
    checked = staticmethod(request.checked)
    traits = staticmethod(request.traits)
    with_user_text = staticmethod(request.with_user_text)
    wants_stream = staticmethod(request.wants_stream)
    wants_usage = staticmethod(request.wants_usage)
    is_whole = staticmethod(answer.is_whole)
    forms = staticmethod(answer.forms)
    token_counts = staticmethod(answer.token_counts)
    assembler = ChatAssembler

    @staticmethod
    def asking_for_usage(fields: JsonObject) -> JsonObject | None:
        """`fields` with the stream's usage asked for; None where they ask for it already."""
        if request.wants_usage(fields):
            return None
        options = fields.get("stream_options")
        held = options if isinstance(options, dict) else {}
        return {**fields, "stream_options": {**held, "include_usage": True}}

    @staticmethod
    def is_usage_only(chunk: JsonObject) -> bool:
        """Whether a chunk is the one that `include_usage` adds, and nothing else."""
        return chunk.get("choices") == [] and isinstance(chunk.get("usage"), dict)
