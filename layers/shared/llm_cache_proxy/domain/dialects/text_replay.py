"""A stored text completion told again as a stream: the text first, the finish reason last."""

from llm_cache_proxy.domain.dialects.sse import data_event
from llm_cache_proxy.domain.json_text import JsonObject, compact_text


def events(completion: JsonObject) -> str:
    """The SSE events of a whole answer, without the usage event and the terminator."""
    head = {name: value for name, value in completion.items() if name not in {"choices", "usage"}}
    choices = completion.get("choices")
    told = choices if isinstance(choices, list) else []
    parts = [_text_part(choice) for choice in told] + [_closing_part(choice) for choice in told]
    return "".join(data_event(compact_text({**head, "choices": [part]})) for part in parts)


def usage_event(completion: JsonObject) -> str:
    """The event that `stream_options.include_usage` asks for; empty where usage is not known."""
    if not isinstance(completion.get("usage"), dict):
        return ""
    return data_event(compact_text({**completion, "choices": []}))


def _text_part(choice: JsonObject) -> JsonObject:
    named = ("text", "index", "logprobs")
    return {name: choice[name] for name in named if name in choice} | {"finish_reason": None}


def _closing_part(choice: JsonObject) -> JsonObject:
    return {**choice, "text": "", "logprobs": None}
