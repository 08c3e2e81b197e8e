"""What a request says of its stream, where an endpoint has OpenAI's `stream_options`."""

from llm_cache_proxy.domain.json_text import JsonObject


def wants_stream(fields: JsonObject) -> bool:
    """Whether the client asked for server-sent events."""
    return fields.get("stream") is True


def wants_usage(fields: JsonObject) -> bool:
    """Whether a stream is to end with the usage event (`stream_options.include_usage`)."""
    options = fields.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def asking_for_usage(fields: JsonObject) -> JsonObject | None:
    """The `stream_options` that ask for usage; None where the request asks for it already."""
    if wants_usage(fields):
        return None
    options = fields.get("stream_options")
    return {**(options if isinstance(options, dict) else {}), "include_usage": True}


def is_usage_only(chunk: JsonObject) -> bool:
    """Whether a chunk is the one that `include_usage` adds, and nothing else."""
    return chunk.get("choices") == [] and isinstance(chunk.get("usage"), dict)
