"""Whether a request leans on what its upstream keeps, or does, beside the model.

The answer to such a request depends on more than the request says, so it is never kept.
"""

from fnmatch import fnmatchcase

from llm_cache_proxy.domain.json_text import JsonObject

_SELF_SERVING = (
    "groq/compound*",
    "compound-beta*",
    "*-search-preview*",
    "*-search-api*",
    "*-deep-research*",
    "*:online",
)
"""Groq's compound systems, OpenAI's searching and researching models, OpenRouter's web plug-in."""

_CLIENTS_OWN = frozenset({"function", "custom"})


def offers_hosted_tools(fields: JsonObject) -> bool:
    """Whether a tool is offered that the upstream would carry out itself, or may."""
    tools = fields.get("tools")
    return isinstance(tools, list) and not all(map(_is_clients_own, tools))


def _is_clients_own(tool: object) -> bool:
    """True if the client itself runs the tool; False where that is unknown."""
    kind = tool.get("type", "function") if isinstance(tool, dict) else None
    return isinstance(kind, str) and kind in _CLIENTS_OWN


def looks_things_up(model: str) -> bool:
    """Whether a model searches or computes on its own, unasked: by its documented names."""
    return any(fnmatchcase(model.lower(), pattern) for pattern in _SELF_SERVING)


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
