"""Whether a request leans on what its upstream keeps; what it does is in `live_tools`.

The answer to such a request depends on more than the request says, so it is never kept.
"""

from llm_cache_proxy.domain.json_text import JsonObject


def names_a_file(messages: object) -> bool:
    """Whether a part of a message is a file that was uploaded before (`file_id`)."""
    if not isinstance(messages, list):
        return False
    contents = (message.get("content") for message in messages if isinstance(message, dict))
    return any(
        isinstance(part, dict) and _file_id(part) is not None
        for content in contents
        if isinstance(content, list)
        for part in content
    )


def _file_id(part: JsonObject) -> object:
    file = part.get("file")
    return part.get("file_id") or (file.get("file_id") if isinstance(file, dict) else None)
